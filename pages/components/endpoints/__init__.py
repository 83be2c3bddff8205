"""The parts of the Endpoints page."""
