"""Our copy of Stripe's sessions: filled, kept in step, read again, reset."""
