"""Stripe's resources, one file each: what a request may ask, and the objects it answers."""
