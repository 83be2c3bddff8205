"""Free trials from a Checkout Session, with and without a card."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.stripe.sandbox_server import SandboxServer, refused, types
from tests.support.stripe.stripe_types import assert_fits

DAY = 86_400


def _trial(server: SandboxServer, at_end: str | None = None, **params: Any) -> str:
    data: Any = {"trial_period_days": 14}
    if at_end is not None:
        data["trial_settings"] = {"end_behavior": {"missing_payment_method": at_end}}
    return server.subscribe(subscription_data=data, **params).id


def _subscription(server: SandboxServer, session: str) -> dict[str, Any]:
    path = f"/v1/checkout/sessions/{session}"
    found: dict[str, Any] = server.get(path, **{"expand[0]": "subscription"})["subscription"]
    assert_fits(found)
    return found


def test_a_trial_with_a_card_is_charged_at_its_end(server: SandboxServer) -> None:
    """Nothing is due today; three days before the end an event says that it comes."""
    session = _trial(server)
    page = server.page(session)
    for words in ("14 days free", "then $99.00 per month", "Start trial", "Total due today"):
        assert words in page
    known = server.event_types()
    server.pay(session)
    assert server.event_types_since(known) == [
        "setup_intent.created",
        "setup_intent.succeeded",
        "customer.created",
        "payment_method.attached",
        "customer.subscription.created",
        "invoice.created",
        "invoice.finalized",
        "invoice.updated",
        "invoice.paid",
        "invoice.payment_succeeded",
        "checkout.session.completed",
        "customer.subscription.updated",
    ]
    done = server.retrieve(session)
    assert (done.amount_total, done.payment_status) == (0, "no_payment_required")
    subscription = _subscription(server, session)
    end = server.sandbox.clock.now() + 14 * DAY
    assert (subscription["status"], subscription["trial_end"]) == ("trialing", end)
    assert subscription["billing_cycle_anchor"] == end
    assert subscription["items"]["data"][0]["current_period_end"] == end
    [invoice] = server.get("/v1/invoices", subscription=subscription["id"])["data"]
    assert (invoice["status"], invoice["total"]) == ("paid", 0)
    assert invoice["lines"]["data"][0]["description"] == "Trial period for Pro plan"
    notice = types(server.advance(11 * DAY))
    assert notice == ["invoice.upcoming", "customer.subscription.trial_will_end"]
    passed = types(server.advance(3 * DAY + 3_600))
    assert passed[:2] == ["invoice.created", "customer.subscription.updated"]
    assert "invoice.paid" in passed
    after = _subscription(server, session)
    assert after["status"] == "active"
    [renewal, _] = server.get("/v1/invoices", subscription=subscription["id"])["data"]
    assert (renewal["amount_paid"], renewal["billing_reason"]) == (9900, "subscription_cycle")


@pytest.mark.parametrize(
    ("at_end", "status", "event"),
    [
        ("cancel", "canceled", "customer.subscription.deleted"),
        ("pause", "paused", "customer.subscription.paused"),
        ("create_invoice", "past_due", "invoice.payment_failed"),
    ],
)
def test_a_trial_without_a_card_ends_as_it_is_set(
    server: SandboxServer, at_end: str, status: str, event: str
) -> None:
    """Where no payment method was given until then."""
    session = _trial(server, at_end, payment_method_collection="if_required")
    assert 'name="number"' not in server.page(session)
    answer = server.control("POST", f"sessions/{session}/pay", {})
    assert answer["payment_status"] == "no_payment_required"
    trialing = _subscription(server, session)
    assert (trialing["status"], trialing["default_payment_method"]) == ("trialing", None)
    assert event in types(server.advance(14 * DAY + 3_600))
    assert _subscription(server, session)["status"] == status


def test_the_card_of_a_trial_is_checked(server: SandboxServer) -> None:
    """A bank that refuses it, or wants 3-D Secure, does so before the trial begins."""
    session = _trial(server)
    declined = server.control("POST", f"sessions/{session}/pay", {"card": "4000000000000002"})
    assert (declined["outcome"], declined["code"]) == ("declined", "card_declined")
    card = {"card": "4000002500003155"}
    asked = server.control("POST", f"sessions/{session}/pay", card)
    assert asked["outcome"] == "requires_action"
    failed = server.control("POST", f"sessions/{session}/pay", {**card, "authenticate": False})
    assert failed["outcome"] == "declined"
    passed = server.control("POST", f"sessions/{session}/pay", {**card, "authenticate": True})
    assert passed["outcome"] == "paid"
    assert _subscription(server, session)["status"] == "trialing"


def test_a_discount_for_once_waits_for_the_first_charge(server: SandboxServer) -> None:
    """The trial's own invoice does not use it up."""
    given: Any = {"percent_off": 25}
    coupon = server.stripe.v1.coupons.create(given).id
    session = _trial(server, discounts=[{"coupon": coupon}])
    server.pay(session)
    assert _subscription(server, session)["discounts"] != []
    server.advance(14 * DAY + 3_600)
    after = _subscription(server, session)
    [renewal, _] = server.get("/v1/invoices", subscription=after["id"])["data"]
    assert (renewal["amount_paid"], after["discounts"]) == (7425, [])


def test_a_subscription_without_a_checkout_begins_with_a_trial(server: SandboxServer) -> None:
    """It needs no payment method; `now` is no trial."""
    customer = server.stripe.v1.customers.create({"email": "ann@example.com"}).id
    given: Any = {
        "customer": customer,
        "items": [{"price": server.pro}],
        "trial_end": server.sandbox.clock.now() + 5 * DAY,
        "trial_settings": {"end_behavior": {"missing_payment_method": "cancel"}},
    }
    made = server.stripe.v1.subscriptions.create(given)
    assert (made.status, made.trial_end) == ("trialing", given["trial_end"])
    assert "customer.subscription.deleted" in types(server.advance(5 * DAY))
    now: Any = {**given, "trial_end": "now", "payment_behavior": "default_incomplete"}
    del now["trial_settings"]
    assert server.stripe.v1.subscriptions.create(now).status == "incomplete"
    for wrong in ({"trial_end": 1_000}, {"trial_period_days": 0}, {"trial_period_days": 3}):
        params: Any = {**given, **wrong}
        error = refused(lambda params=params: server.stripe.v1.subscriptions.create(params))  # type: ignore[misc]
        assert str(getattr(error, "param", "")).startswith("trial_")


@pytest.mark.parametrize(
    "data",
    [
        {"trial_period_days": 0},
        {"trial_period_days": 731},
        {"trial_end": 1_000_000_000},
        {"trial_end": 1_000_000_000, "trial_period_days": 3},
        {"trial_settings": {"end_behavior": {"missing_payment_method": "pause"}}},
    ],
)
def test_a_trial_that_makes_no_sense_is_refused(server: SandboxServer, data: Any) -> None:
    """By the parameter's name."""
    error = refused(lambda: server.subscribe(subscription_data=data))
    assert str(getattr(error, "param", "")).startswith("subscription_data[trial_")
