"""Events under load, mutated, and while servers are killed or restarted."""
