"""What a customer should have, and the lines of the ledger that say how it came to be."""
