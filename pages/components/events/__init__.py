"""The parts of the Events page."""
