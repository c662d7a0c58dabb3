"""Labels: QR symbols that carry a GS1 Digital Link."""
