"""Where a request comes from, and whether it is served at all."""
