"""The breaking changes of Stripe's API, each in its module (https://docs.stripe.com/changelog)."""

from stripe_sandbox.versions.change import Change
from stripe_sandbox.versions.changes import (
    acacia_refund_events,
    automatic_payment_methods,
    basil,
    capture_method,
    clover_discounts,
    clover_event_times,
    clover_upcoming_invoice,
    dahlia,
    endive_billing_cycle_anchor,
    endive_payment_method_types,
    event_types,
    invoice_rendering,
    marketing_features,
    portal_products,
    superseded_fields,
)

CHANGES: tuple[Change, ...] = (
    superseded_fields.CHANGE,
    automatic_payment_methods.CHANGE,
    capture_method.CHANGE,
    event_types.CHANGE,
    invoice_rendering.CHANGE,
    marketing_features.CHANGE,
    portal_products.CHANGE,
    acacia_refund_events.CHANGE,
    *basil.CHANGES,
    clover_discounts.CHANGE,
    clover_upcoming_invoice.CHANGE,
    clover_event_times.CHANGE,
    *dahlia.CHANGES,
    endive_billing_cycle_anchor.CHANGE,
    endive_payment_method_types.CHANGE,
)
"""The oldest first."""
