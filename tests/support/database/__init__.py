"""Databases to test on, what is put into them, and what is found there."""
