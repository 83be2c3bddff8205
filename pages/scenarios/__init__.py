"""Scenarios: a whole payment, played step by step and checked."""
