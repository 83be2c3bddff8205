"""HTTP, as requests to Stripe's API need it."""
