"""Checks of the settings, and creating what is missing in Stripe."""
