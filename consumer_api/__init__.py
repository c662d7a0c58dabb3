"""What a shopper meets: GS1 Digital Link pages, provenance as JSON, and the proof behind them."""
