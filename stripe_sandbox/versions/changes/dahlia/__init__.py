"""What the dahlia releases changed (https://docs.stripe.com/changelog/dahlia)."""

from stripe_sandbox.versions.change import Change
from stripe_sandbox.versions.changes.dahlia import (
    dynamic_tax_rates,
    events_from,
    intent_types,
    ui_mode,
)

CHANGES: tuple[Change, ...] = (
    events_from.CHANGE,
    ui_mode.CHANGE,
    dynamic_tax_rates.CHANGE,
    intent_types.CHANGE,
)
"""The oldest first."""
