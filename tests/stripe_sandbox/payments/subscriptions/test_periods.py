"""Running subscriptions whose trial or billing cycle is changed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.stripe.older_versions import Older
from tests.support.stripe.sandbox_server import SandboxServer, refused, types
from tests.support.stripe.stripe_types import assert_fits

DAY, HOUR = 86_400, 3_600


def _update(server: SandboxServer, identifier: str, **params: Any) -> Any:
    given: Any = params
    server.stripe.v1.subscriptions.update(identifier, given)
    changed = server.get(f"/v1/subscriptions/{identifier}")
    assert_fits(changed)
    return changed


def _latest(server: SandboxServer, subscription: Any) -> Any:
    invoice = server.get(f"/v1/invoices/{subscription['latest_invoice']}")
    assert_fits(invoice)
    return invoice


def _trial(server: SandboxServer, at_end: str = "create_invoice", card: bool = True) -> Any:
    settings = {"end_behavior": {"missing_payment_method": at_end}}
    data: Any = {"trial_period_days": 14, "trial_settings": settings}
    collection = "always" if card else "if_required"
    session = server.subscribe(subscription_data=data, payment_method_collection=collection)
    body = {"card": "4242424242424242"} if card else {}
    server.control("POST", f"sessions/{session.id}/pay", body)
    return server.retrieve(session.id, "subscription").subscription


def test_a_trial_that_is_ended_now_is_charged_at_once(server: SandboxServer) -> None:
    """Its period begins now, as does its billing cycle."""
    trial = _trial(server)
    server.advance(3 * DAY)
    now, known = server.sandbox.clock.now(), server.event_types()
    ended = _update(server, trial.id, trial_end="now")
    assert (ended["status"], ended["trial_end"], ended["billing_cycle_anchor"]) == (
        "active",
        now,
        now,
    )
    assert ended["items"]["data"][0]["current_period_start"] == now
    invoice = _latest(server, ended)
    assert (invoice["billing_reason"], invoice["amount_paid"]) == ("subscription_update", 9_900)
    assert "invoice.paid" in server.event_types_since(known)
    assert "customer.subscription.trial_will_end" not in types(server.advance(12 * DAY))


@pytest.mark.parametrize(
    ("at_end", "status", "event"),
    [
        ("cancel", "canceled", "customer.subscription.deleted"),
        ("pause", "paused", "customer.subscription.paused"),
    ],
)
def test_a_trial_without_a_card_that_is_ended_now_ends_as_it_is_set(
    server: SandboxServer, at_end: str, status: str, event: str
) -> None:
    trial = _trial(server, card=False)
    error = refused(lambda: _update(server, trial.id, trial_end="now"))
    assert error.code == "resource_missing"
    settings = {"end_behavior": {"missing_payment_method": at_end}}
    _update(server, trial.id, trial_settings=settings)
    assert _update(server, trial.id, trial_end="now")["status"] == status
    assert server.event_types()[-1] == event
    if status == "paused":
        error = refused(lambda: server.stripe.v1.subscriptions.resume(trial.id))
        assert error.code == "resource_missing"
        assert server.get(f"/v1/subscriptions/{trial.id}")["status"] == "paused"


def test_a_trial_is_made_longer(server: SandboxServer) -> None:
    """Nothing is invoiced; the notice comes three days before the new end."""
    trial = _trial(server)
    end = server.sandbox.clock.now() + 30 * DAY
    changed = _update(server, trial.id, trial_end=end)
    assert changed["latest_invoice"] == trial.latest_invoice
    assert changed["trial_end"] == changed["billing_cycle_anchor"] == end
    assert changed["items"]["data"][0]["current_period_end"] == end
    assert types(server.advance(26 * DAY)) == []
    assert "customer.subscription.trial_will_end" in types(server.advance(1 * DAY))
    assert "invoice.paid" in types(server.advance(3 * DAY + HOUR))


def test_a_trial_in_a_paid_period_gives_the_rest_of_it_back(server: SandboxServer) -> None:
    """To the customer's balance, unless nothing is to be prorated."""
    for behavior, balance in (("create_prorations", -9_900), ("none", 0)):
        paid = server.paid_subscription()
        end = server.sandbox.clock.now() + 40 * DAY
        changed = _update(server, paid["id"], trial_end=end, proration_behavior=behavior)
        assert (changed["status"], changed["trial_end"]) == ("trialing", end)
        assert _latest(server, changed)["total"] == balance
        assert server.get(f"/v1/customers/{paid['customer']}")["balance"] == balance
        server.advance(40 * DAY + HOUR)
        renewed = server.get(f"/v1/subscriptions/{paid['id']}")
        assert renewed["status"] == "active"
        assert _latest(server, renewed)["amount_due"] == 9_900 + balance


def test_the_billing_cycle_begins_anew_now(server: SandboxServer) -> None:
    """What is unused is given back and a whole period is charged; also by the older name."""
    paid = server.paid_subscription()
    [item] = paid["items"]["data"]
    half = (item["current_period_end"] - item["current_period_start"]) // 2
    server.advance(half)
    changed = _update(server, paid["id"], billing_cycle_anchor={"type": "now"})
    now = server.sandbox.clock.now()
    assert changed["billing_cycle_anchor"] == now
    assert _latest(server, changed)["amount_paid"] == 4_950
    same = _update(server, paid["id"], billing_cycle_anchor={"type": "unchanged"})
    assert same["latest_invoice"] == changed["latest_invoice"]
    older = Older(server, "2025-08-27.basil")
    path = f"/v1/subscriptions/{paid['id']}"
    again = older.post(path, billing_cycle_anchor="now", proration_behavior="none")
    assert _latest(server, again)["amount_paid"] == 9_900


@pytest.mark.parametrize("end", [1_000_000_000, "LATE"])
def test_a_trial_ends_within_two_years(server: SandboxServer, end: int | str) -> None:
    paid = server.paid_subscription()
    late = server.sandbox.clock.now() + 731 * DAY
    error = refused(lambda: _update(server, paid["id"], trial_end=late if end == "LATE" else end))
    assert getattr(error, "param", "") == "trial_end"


def test_a_change_that_cannot_be_paid_does_as_its_payment_behavior_says(
    server: SandboxServer,
) -> None:
    """Past due, waiting for a confirmation, or nothing at all."""
    paid = server.paid_subscription()
    service = server.stripe.v1
    bad = service.payment_methods.attach(
        "pm_card_chargeCustomerFail", {"customer": paid["customer"]}
    ).id
    _update(server, paid["id"], default_payment_method=bad)
    anew: Any = {"billing_cycle_anchor": {"type": "now"}, "proration_behavior": "none"}
    error = refused(
        lambda: _update(server, paid["id"], payment_behavior="error_if_incomplete", **anew)
    )
    assert (error.http_status, error.code) == (402, "card_declined")
    same = server.get(f"/v1/subscriptions/{paid['id']}")
    assert same["latest_invoice"] == paid["latest_invoice"]
    error = refused(
        lambda: _update(server, paid["id"], payment_behavior="pending_if_incomplete", **anew)
    )
    assert (error.code, getattr(error, "param", "")) == (
        "sandbox_not_simulated",
        "payment_behavior",
    )
    waits = _update(server, paid["id"], payment_behavior="default_incomplete", **anew)
    invoice = _latest(server, waits)
    assert (waits["status"], invoice["status"], invoice["attempted"]) == ("past_due", "open", False)
    [payment] = server.get("/v1/invoice_payments", invoice=invoice["id"])["data"]
    confirm: Any = {"payment_method": "pm_card_visa", "return_url": "http://shop.example/"}
    service.payment_intents.confirm(payment["payment"]["payment_intent"], confirm)
    assert server.get(f"/v1/subscriptions/{paid['id']}")["status"] == "active"
    failed = _update(server, paid["id"], **anew)
    assert (failed["status"], _latest(server, failed)["attempt_count"]) == ("past_due", 1)


def test_the_method_of_the_first_payment_is_saved_where_that_is_asked_for(
    server: SandboxServer,
) -> None:
    """As Stripe's quickstart of subscriptions does."""
    service = server.stripe.v1
    customer = service.customers.create({"email": "ann@example.com"}).id
    given: Any = {
        "customer": customer,
        "items": [{"price": server.pro}],
        "payment_behavior": "default_incomplete",
        "payment_settings": {"save_default_payment_method": "on_subscription"},
        "expand": ["latest_invoice.confirmation_secret", "latest_invoice.payments"],
    }
    made = service.subscriptions.create(given).to_dict()
    [payment] = made["latest_invoice"]["payments"]["data"]
    intent = payment["payment"]["payment_intent"]
    assert made["latest_invoice"]["confirmation_secret"]["client_secret"].startswith(intent)
    confirm: Any = {"payment_method": "pm_card_visa", "return_url": "http://shop.example/"}
    service.payment_intents.confirm(intent, confirm)
    after = server.get(f"/v1/subscriptions/{made['id']}")
    [saved] = service.payment_methods.list({"customer": customer}).data
    assert (after["status"], after["default_payment_method"]) == ("active", saved.id)
    assert "invoice.paid" in types(server.advance(31 * DAY + HOUR))
