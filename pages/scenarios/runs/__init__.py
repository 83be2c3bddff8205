"""Runs of scenarios: stored, step by step, in the page or in the background."""
