"""RFID readers: LLRP, cleaning, business steps, the durable outbox, and the reader emulator."""
