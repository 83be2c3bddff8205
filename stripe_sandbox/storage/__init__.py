"""The SQLite file with the sandbox's objects, and who may use it."""
