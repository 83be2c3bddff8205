"""How what is written becomes permanent, or is undone."""
