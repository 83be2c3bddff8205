"""The parts of the Test kit page."""
