"""The ledger: capture, storage, EPCIS queries and product lifecycles."""
