"""The breaking changes of 2025-03-31.basil (https://docs.stripe.com/changelog/basil)."""

from stripe_sandbox.versions.changes.basil import (
    checkout_shipping,
    discounts,
    invoice_parent,
    invoice_payments,
    invoice_taxes,
    line_pricing,
    subscription_periods,
    upcoming_invoice,
    usage_records,
)

CHANGES = (
    checkout_shipping.CHANGE,
    discounts.CHANGE,
    invoice_parent.CHANGE,
    invoice_payments.CHANGE,
    invoice_taxes.CHANGE,
    line_pricing.CHANGE,
    subscription_periods.CHANGE,
    upcoming_invoice.CHANGE,
    usage_records.CHANGE,
)
