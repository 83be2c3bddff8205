"""Our copy of Stripe's sessions: filled by a backfill, updated by the worker, read by pages."""
