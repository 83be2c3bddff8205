"""Subscriptions from their creation to their end: what they charge, and when."""
