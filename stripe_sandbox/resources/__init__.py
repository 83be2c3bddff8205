"""Stripe's resources, one file each, by topic as in its API reference: what a request may ask, and
the objects it answers."""
