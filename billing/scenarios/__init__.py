"""Runs of the Test kit's scenarios, as they are stored."""
