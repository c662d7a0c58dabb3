"""The tamper-evident log over the ledger: Merkle tree, checkpoints, proofs and their independent verifier."""
