"""Is everything set up right? The checks, and creating what is missing in Stripe."""
