"""Builds the parts of the sandbox over one backend."""
