"""The parts of the Billing page."""
