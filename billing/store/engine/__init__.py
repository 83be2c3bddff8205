"""Connections: engines and their limits, the schema's upgrade, group commit, errors in words."""
