"""Programs of others that run against the local sandbox, unmodified."""
