"""The hosted Checkout page."""
