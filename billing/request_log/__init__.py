"""The requests to Stripe's API: logged, and found again."""
