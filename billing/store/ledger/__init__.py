"""The ledger: what was granted, in lines that are never changed."""
