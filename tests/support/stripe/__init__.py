"""A Stripe to test against: the real sandbox, served, and a shop around its Checkout page."""
