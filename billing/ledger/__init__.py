"""Keeps the ledger: what Stripe says of sales, and the difference that it makes."""
