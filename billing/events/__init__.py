"""Use cases of Stripe's events: the log, replaying them, and whether deliveries arrive."""
