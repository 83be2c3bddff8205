"""The upcoming invoice gave way to previews."""

from __future__ import annotations

from stripe_sandbox.schema.sdk_operations import Operation
from stripe_sandbox.versions.change import Change, OlderRequest

_DETAILS = "subscription_details"
_MOVED = {
    "subscription_billing_cycle_anchor": "billing_cycle_anchor",
    "subscription_cancel_at": "cancel_at",
    "subscription_cancel_at_period_end": "cancel_at_period_end",
    "subscription_cancel_now": "cancel_now",
    "subscription_default_tax_rates": "default_tax_rates",
    "subscription_items": "items",
    "subscription_proration_behavior": "proration_behavior",
    "subscription_proration_date": "proration_date",
    "subscription_resume_at": "resume_at",
    "subscription_start_date": "start_date",
    "subscription_trial_end": "trial_end",
}


def _raise(request: OlderRequest) -> None:
    details = request.form.get(_DETAILS, {})
    for old, new in _MOVED.items():
        if old in request.form and isinstance(details, dict):
            details[new] = request.form.pop(old)
            request.form[_DETAILS] = details
            request.words[f"{_DETAILS}[{new}]"] = old
    _raise_coupon(request)


def _raise_coupon(request: OlderRequest) -> None:
    if "coupon" in request.form:
        given = request.form.pop("coupon")
        request.form["discounts"] = {"0": {"coupon": given}} if given else ""
        request.words |= {"discounts[0][coupon]": "coupon", "discounts": "coupon"}


CHANGE = Change(
    "2025-03-31.basil",
    requests={
        "GET /v1/invoices/upcoming": _raise,
        "GET /v1/invoices/upcoming/lines": _raise,
        "POST /v1/invoices/create_preview": _raise_coupon,
    },
    operations=(
        Operation("GET", "/v1/invoices/upcoming"),
        Operation("GET", "/v1/invoices/upcoming/lines"),
    ),
)
