"""Stripe's events as they are stored and shown, and what delivers them."""
