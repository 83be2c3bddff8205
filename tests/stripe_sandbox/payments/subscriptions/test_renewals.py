"""Subscriptions renew when the clock passes the end of their period."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from stripe_sandbox.clock import ManualClock
from stripe_sandbox.resources.billing.billing_cycle import add_interval, next_period_end
from tests.support.stripe.sandbox_server import SandboxServer, price_of, sandbox_server, types
from tests.support.stripe.stripe_types import assert_fits
from tests.support.waiting import wait_for

ANNOUNCED = "invoice.upcoming"
DAY = 86_400
HOUR = 3_600
MONTH = 31 * DAY
RENEWED = [
    "invoice.created",
    "customer.subscription.updated",
    "invoice.finalized",
    "payment_intent.created",
    "charge.succeeded",
    "charge.updated",
    "payment_intent.succeeded",
    "invoice.updated",
    "invoice.paid",
    "invoice.payment_succeeded",
    "invoice_payment.paid",
]
NOT_RENEWED = [
    *RENEWED[:4],
    "charge.failed",
    "payment_intent.payment_failed",
    "invoice.updated",
    "invoice.payment_failed",
]


def test_a_subscription_renews(server: SandboxServer) -> None:
    """At the end of the period: the next period and the draft of its invoice, which is paid an
    hour later; the events in order and at those times."""
    subscription = server.paid_subscription(subscription_data={"metadata": {"plan": "pro"}})
    [item] = subscription["items"]["data"]
    end = item["current_period_end"]
    [upcoming] = server.advance(end - server.sandbox.clock.now() - 1)
    assert (upcoming["type"], upcoming["created"]) == (ANNOUNCED, end - 3 * DAY)
    events = server.advance(1)
    assert types(events) == RENEWED[:2]
    assert {event["created"] for event in events} == {end}
    draft = events[0]["data"]["object"]
    assert (draft["status"], draft["automatically_finalizes_at"]) == ("draft", end + HOUR)
    assert server.advance(HOUR - 1) == []
    collected = server.advance(1)
    assert types(collected) == RENEWED[2:]
    assert {event["created"] for event in collected} == {end + HOUR}
    renewed = server.get(
        f"/v1/subscriptions/{subscription['id']}", **{"expand[0]": "latest_invoice.payments"}
    )
    assert_fits(renewed)
    [after] = renewed["items"]["data"]
    assert (after["id"], after["current_period_start"]) == (item["id"], end)
    assert after["current_period_end"] == add_interval(item["current_period_start"], "month", 2)
    invoice = renewed["latest_invoice"]
    assert (invoice["billing_reason"], invoice["status"]) == ("subscription_cycle", "paid")
    assert (invoice["period_start"], invoice["period_end"]) == (item["current_period_start"], end)
    assert invoice["number"].endswith("-0002")
    [line] = invoice["lines"]["data"]
    assert line["period"] == {"start": end, "end": after["current_period_end"]}
    assert line["description"] == "1 × Pro plan (at $99.00 / month)"  # noqa: RUF001  # Stripe's own sign
    assert line["metadata"] == {"plan": "pro"}
    intent = server.get(
        f"/v1/payment_intents/{invoice['payments']['data'][0]['payment']['payment_intent']}"
    )
    assert (intent["status"], intent["customer"]) == ("succeeded", subscription["customer"])
    assert (intent["amount"], intent["description"]) == (9900, "Subscription update")
    updated = events[1]["data"]
    assert set(updated["previous_attributes"]) == {"items", "latest_invoice"}
    assert updated["previous_attributes"]["latest_invoice"] == subscription["latest_invoice"]


def test_a_renewal_is_announced_as_its_invoice_will_be(server: SandboxServer) -> None:
    """With what is pending and the customer's balance; the invoice itself is not stored yet."""
    subscription = server.paid_subscription()
    [item] = subscription["items"]["data"]
    end = item["current_period_end"]
    quantity: Any = {"items": [{"id": item["id"], "quantity": 2}]}
    server.stripe.v1.subscriptions.update(subscription["id"], quantity)
    server.stripe.v1.customers.update(subscription["customer"], {"balance": -900})
    [event] = server.advance(end - 3 * DAY - server.sandbox.clock.now())
    upcoming = event["data"]["object"]
    assert upcoming["id"].startswith("upcoming_in_")
    assert (upcoming["billing_reason"], upcoming["number"]) == ("upcoming", None)
    assert upcoming["next_payment_attempt"] == end + HOUR
    [*_, line] = upcoming["lines"]["data"]
    assert (line["period"]["start"], line["amount"]) == (end, 19_800)
    assert upcoming["amount_due"] == upcoming["total"] - 900
    assert server.fetch(f"/v1/invoices/{upcoming['id']}").status_code == 404
    server.advance(3 * DAY + HOUR)
    renewed = server.get(f"/v1/subscriptions/{subscription['id']}")["latest_invoice"]
    assert server.get(f"/v1/invoices/{renewed}")["amount_paid"] == upcoming["amount_due"]


def test_what_will_not_be_renewed_is_not_announced(server: SandboxServer) -> None:
    subscription = server.paid_subscription()
    server.stripe.v1.subscriptions.update(subscription["id"], {"cancel_at_period_end": True})
    assert types(server.advance(MONTH)) == ["customer.subscription.deleted"]


def test_every_period_on_the_way_is_renewed(server: SandboxServer) -> None:
    """A quarter of a year is three renewals, each at its time."""
    subscription = server.paid_subscription()
    [item] = subscription["items"]["data"]
    start = item["current_period_start"]
    events = server.advance(95 * DAY)
    paid = [event["created"] for event in events if event["type"] == "invoice.paid"]
    assert paid == [add_interval(start, "month", month) + HOUR for month in (1, 2, 3)]
    assert len(server.get("/v1/invoices", subscription=subscription["id"])["data"]) == 4


def test_two_renew_in_the_order_of_their_times(server: SandboxServer) -> None:
    """A weekly and a monthly subscription, mixed as the calendar mixes them."""
    weekly = price_of(server.sandbox, "weekly", "Weekly", 500, "week")
    one = server.paid_subscription()
    other = server.paid_subscription(line_items=[{"price": weekly, "quantity": 2}])
    events = server.advance(32 * DAY)
    created = [event["created"] for event in events]
    assert created == sorted(created)
    paid = [
        event["data"]["object"]["parent"]["subscription_details"]["subscription"]
        for event in events
        if event["type"] == "invoice.paid"
    ]
    assert sorted(paid) == sorted([one["id"]] + [other["id"]] * 4)


def test_a_renewal_that_fails(server: SandboxServer) -> None:
    """The card that only attaches begins the subscription; its renewal leaves an open invoice and
    a subscription past due, and is tried again in three days."""
    subscription = server.paid_subscription("4000000000000341")
    assert subscription["status"] == "active"
    [item] = subscription["items"]["data"]
    events = server.advance(item["current_period_end"] - server.sandbox.clock.now() + HOUR)
    assert types(events) == [
        ANNOUNCED,
        *NOT_RENEWED,
        "customer.updated",
        "customer.subscription.updated",
    ]
    renewed = server.get(
        f"/v1/subscriptions/{subscription['id']}",
        **{"expand[0]": "latest_invoice.payments", "expand[1]": "customer"},
    )
    assert_fits(renewed)
    invoice = renewed["latest_invoice"]
    assert (renewed["status"], invoice["status"]) == ("past_due", "open")
    assert (invoice["attempt_count"], invoice["amount_remaining"]) == (1, 9900)
    assert invoice["payments"]["data"][0]["status"] == "open"
    assert renewed["customer"]["delinquent"] is True
    assert events[-1]["data"]["previous_attributes"] == {"status": "active"}
    assert invoice["next_payment_attempt"] == server.sandbox.clock.now() + 3 * DAY


def test_a_renewal_that_needs_the_customer(server: SandboxServer) -> None:
    """A card whose bank always asks cannot be charged without its owner."""
    subscription = server.paid_subscription("4000002760003184")
    [item] = subscription["items"]["data"]
    until_due = item["current_period_end"] - server.sandbox.clock.now() + HOUR
    assert types(server.advance(until_due)) == [
        ANNOUNCED,
        *NOT_RENEWED,
        "invoice.payment_action_required",
        "customer.updated",
        "customer.subscription.updated",
    ]
    server.paid_subscription("4000002500003155")
    renewed = [
        event["data"]["object"]["status"]
        for event in server.advance(MONTH + HOUR)
        if event["type"] == "invoice.paid"
    ]
    assert renewed == ["paid"]


def test_a_renewal_by_debit(server: SandboxServer) -> None:
    """Its invoice stays open until the bank has answered."""
    session = server.subscribe()
    body = {"bank_account": "000123456789", "settles_in_seconds": 1}
    server.control("POST", f"sessions/{session.id}/pay", body)
    server.advance(1)
    [item] = server.get("/v1/subscriptions")["data"][0]["items"]["data"]
    events = server.advance(item["current_period_end"] - server.sandbox.clock.now() + HOUR)
    assert types(events) == [ANNOUNCED, *RENEWED[:4], "charge.pending", "payment_intent.processing"]
    later = [name for name in RENEWED[4:] if name != "charge.updated"]  # captured with the debit
    assert types(server.advance(20)) == later


def test_a_restart_forgets_no_renewal(tmp_path: Path) -> None:
    """A subscription that a stopped process began is renewed by the next one."""
    database = tmp_path / "sandbox.sqlite3"
    clock = ManualClock(int(time.time()))
    with sandbox_server(database, clock) as server:
        subscription = server.paid_subscription()
    clock.advance(MONTH)
    with sandbox_server(database, clock) as server:
        wait_for(
            lambda: len(server.get("/v1/invoices", subscription=subscription["id"])["data"]) == 2
        )


@pytest.mark.parametrize(
    ("start", "ends"),
    [
        ("2027-01-31", ["2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]),
        ("2028-01-30", ["2028-02-29", "2028-03-30"]),
        ("2027-12-15", ["2028-01-15", "2028-02-15"]),
    ],
)
def test_the_day_of_the_month_is_the_anchors(start: str, ends: list[str]) -> None:
    """A month cut short does not shorten the ones after it."""

    def seconds(day: str) -> int:
        return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())

    anchor = at = seconds(start)
    for end in ends:
        at = next_period_end(anchor, at, "month", 1)
        assert at == seconds(end)
