"""Stripe's older API versions: their requests are raised to the newest, which alone the rest of the
sandbox speaks, and what it answers and sends is lowered (https://stripe.com/blog/api-versioning)."""
