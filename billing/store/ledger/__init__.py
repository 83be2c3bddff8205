"""The ledger: lines that are never changed, and what they add up to."""
