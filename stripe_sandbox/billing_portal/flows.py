"""Flows of the portal: a session that is for one step alone
(https://docs.stripe.com/customer-management/portal-deep-links)."""

from __future__ import annotations

from urllib.parse import urlencode

from stripe_sandbox.storage.objects import Object


def first_step(flow: Object) -> str:
    """Where a flow begins, below the session's page."""
    if flow["type"] == "payment_method_update":
        return "payment-method"
    given = flow[flow["type"]]
    subscription = f"subscriptions/{given['subscription']}"
    if flow["type"] == "subscription_cancel":
        return f"{subscription}/cancel"
    if flow["type"] == "subscription_update":
        return f"{subscription}/update"
    [item] = given["items"]
    chosen = {name: item[name] for name in ("price", "quantity") if item.get(name) is not None}
    return f"{subscription}/update/confirm?{urlencode(chosen)}"


def ends_elsewhere(session: Object) -> bool:
    """Whether the session is for a flow that does not end at the portal's home."""
    flow = session["flow"]
    return flow is not None and flow["after_completion"]["type"] != "portal_homepage"
