"""A subscription shop as Stripe's quickstart tells to write it
(https://docs.stripe.com/billing/quickstart): with Flask, and with Express."""
