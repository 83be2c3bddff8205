"""The breaking changes of Stripe's API, each in its module (https://docs.stripe.com/changelog)."""

from stripe_sandbox.versions.change import Change
from stripe_sandbox.versions.changes import (
    dahlia_ui_mode,
    endive_billing_cycle_anchor,
    endive_payment_method_types,
)

CHANGES: tuple[Change, ...] = (
    dahlia_ui_mode.CHANGE,
    endive_billing_cycle_anchor.CHANGE,
    endive_payment_method_types.CHANGE,
)
"""The oldest first."""
