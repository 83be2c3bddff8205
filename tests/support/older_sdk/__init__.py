"""Older stripe SDKs, each installed on its own, and the program that they run."""
