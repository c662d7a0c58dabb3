"""What every other package stands on: errors, settings, clock, database engine, identity and permissions."""
