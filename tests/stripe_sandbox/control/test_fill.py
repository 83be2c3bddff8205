"""A month of plausible history, in which the sandbox itself did every step at its time."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from stripe_sandbox.control.history_plan import HistoryPlan, Offer, visit_times
from tests.support.stripe.sandbox_server import SandboxServer
from tests.support.stripe.stripe_types import assert_fits

DAY = 86_400


def _sold(server: SandboxServer) -> list[dict[str, Any]]:
    return [
        {
            "price": server.credit,
            "mode": "payment",
            "weight": 3,
            "quantity": [1, 50],
            "metadata": {"kind": "extra_credits", "credits": "{quantity}"},
        },
        {"price": server.pro, "mode": "subscription", "metadata": {"kind": "pro"}},
    ]


def _fill(server: SandboxServer, **plan: Any) -> dict[str, int]:
    body = {"days": 30, "sessions": 60, "seed": 7, "sold": _sold(server), **plan}
    filled: dict[str, int] = server.control("POST", "fill", body)
    return filled


def _all(server: SandboxServer, path: str, **params: Any) -> list[dict[str, Any]]:
    """Every object of a list."""
    found: list[dict[str, Any]] = []
    while True:
        after = {"starting_after": found[-1]["id"]} if found else {}
        page = server.get(f"/v1/{path}", limit=100, **params, **after)
        found += page["data"]
        if not page["has_more"]:
            return found


def test_a_month_of_history(server: SandboxServer) -> None:
    """As many sessions as asked, over the month that ends now: most paid, some declined first,
    some expired, some open of the last day, the newest among them, some by debit; nothing in the
    future."""
    now = server.clock.now()
    filled = _fill(server, sessions=300)
    sessions = _all(server, "checkout/sessions")
    assert filled["sessions"] == len(sessions) == 300
    states = Counter((one["status"], one["payment_status"]) for one in sessions)
    assert states["complete", "paid"] == filled["paid"] > 200
    assert states["expired", "unpaid"] > 10
    assert sessions[0]["payment_status"] == "unpaid"
    for one in sessions:
        assert now - 30 * DAY <= one["created"] < now
        if one["status"] == "open":
            assert one["created"] > now - DAY
    events = _all(server, "events")
    assert all(event["created"] <= now for event in events)
    kinds = Counter(event["type"] for event in events)
    for kind in (
        "checkout.session.completed", "checkout.session.expired", "charge.failed",
        "checkout.session.async_payment_succeeded", "payment_intent.requires_action",
        "customer.subscription.created", "invoice.paid",
    ):  # fmt: skip
        assert kinds[kind] > 0, kind
    assert (
        kinds["checkout.session.completed"]
        == states["complete", "paid"] + states["complete", "unpaid"]
    )
    state = server.control("GET", "state")
    assert state["clock"] == {"now": now, "ahead_seconds": 0}


def test_every_object_and_event_of_it_fits_stripes_types(server: SandboxServer) -> None:
    """It fits Stripe's types, and its parts hang together in time."""
    [(before,)] = server.sandbox._database.rows("SELECT max(seq) FROM events")
    _fill(server)
    sessions = _all(server, "checkout/sessions", **{"expand[0]": "data.payment_intent"})
    events = _all(server, "events")
    assert_fits(*sessions, *events, *_all(server, "charges"), *_all(server, "subscriptions"))
    assert_fits(*_all(server, "invoices"), *_all(server, "customers"))
    completed = {
        event["data"]["object"]["id"]: event["created"]
        for event in events
        if event["type"] == "checkout.session.completed"
    }
    for session in sessions:
        if session["status"] == "complete":
            assert session["created"] < completed[session["id"]] < session["expires_at"]
    created = [event["created"] for event in events]
    assert created == sorted(created, reverse=True)
    recorded = server.sandbox._database.rows(
        "SELECT created FROM events WHERE seq > ? ORDER BY seq", (before,)
    )
    assert recorded == sorted(recorded)


def test_some_sales_are_refunded_disputed_and_canceled_at_their_times(
    server: SandboxServer,
) -> None:
    """Wholly and in parts; lost, won and asked about; now and at the period's end. The same seed
    gives the same."""

    def summary() -> dict[str, Counter[str]]:
        charges = _all(server, "charges")
        disputes, refunds = _all(server, "disputes"), _all(server, "refunds")
        assert_fits(*disputes, *refunds)
        for later in (*disputes, *refunds):
            assert now - 90 * DAY < later["created"] <= now
        return {
            "charges": Counter(
                "whole" if one["refunded"] else "part" if one["amount_refunded"] else "none"
                for one in charges
            ),
            "disputes": Counter(one["status"] for one in disputes),
            "subscriptions": Counter(
                "ending" if one["cancel_at"] and not one["ended_at"] else one["status"]
                for one in _all(server, "subscriptions", status="all")
            ),
        }

    now = server.clock.now()
    _fill(server, days=90, sessions=600)
    found = summary()
    assert found["charges"]["whole"] > 5
    assert found["charges"]["part"] > 5
    for status in ("lost", "won", "warning_closed"):
        assert found["disputes"][status] > 0, status
    assert found["subscriptions"]["canceled"] > 3
    assert found["subscriptions"]["ending"] > 0
    assert found["subscriptions"]["active"] > 50
    server.control("POST", "reset")
    _fill(server, days=90, sessions=600)
    assert summary() == found


def test_sessions_nobody_paid_expired_in_their_time(server: SandboxServer) -> None:
    """However quiet it became afterwards."""
    for seed in range(12):
        server.control("POST", "reset")
        _fill(server, seed=seed, sessions=5)
        for event in _all(server, "events", type="checkout.session.expired"):
            assert event["created"] == event["data"]["object"]["expires_at"]


def test_metadata_names_the_quantity(server: SandboxServer) -> None:
    """`{quantity}` is filled in, with what was bought, within the bounds."""
    _fill(server)
    quantities = set()
    for session in _all(server, "checkout/sessions", **{"expand[0]": "data.line_items"}):
        [line] = session["line_items"]["data"]
        if session["mode"] == "payment":
            expected = {"kind": "extra_credits", "credits": str(line["quantity"])}
            assert session["metadata"] == expected
            quantities.add(line["quantity"])
        else:
            assert (session["metadata"], line["quantity"]) == ({"kind": "pro"}, 1)
    assert len(quantities) > 5
    assert quantities <= set(range(1, 51))


def test_its_events_are_delivered_to_nobody(server: SandboxServer) -> None:
    """No webhook is sent for it, nor waits; what happens afterwards is delivered again."""
    server.sandbox.ensure_webhook_endpoint(url=server.receiver.url, description="shop")
    _fill(server)
    assert server.control("GET", "state")["deliveries"] == {"waiting": 0, "failed": 0}
    paid = server.control(
        "POST", f"sessions/{server.create().id}/pay", {"card": "4242424242424242"}
    )
    answer = server.control("POST", "clock", {"advance_seconds": 1})
    assert answer["events"] == []
    ids = {event["id"] for event in server.receiver.events()}
    assert ids <= set(paid["events"])


def test_what_is_open_goes_on(server: SandboxServer) -> None:
    """Its open sessions expire, its debits settle, its subscriptions renew as time moves on."""
    _fill(server, sessions=300)
    open_now = [one["id"] for one in _all(server, "checkout/sessions", status="open")]
    answer = server.control("POST", "clock", {"advance_seconds": 31 * DAY})
    kinds: Counter[str] = Counter()
    expired = []
    for identifier in answer["events"]:
        event = server.get(f"/v1/events/{identifier}")
        kinds[event["type"]] += 1
        if event["type"] == "checkout.session.expired":
            expired.append(event["data"]["object"]["id"])
    assert sorted(expired) == sorted(open_now)
    assert kinds["invoice.paid"] > 0
    assert kinds["invoice.payment_failed"] > 0


def test_a_longer_history_renews_within_it(server: SandboxServer) -> None:
    """Subscriptions older than a month have been renewed."""
    _fill(server, days=80, sold=_sold(server)[1:], sessions=20)
    reasons = Counter(invoice["billing_reason"] for invoice in _all(server, "invoices"))
    assert reasons["subscription_cycle"] > 5


def test_the_same_seed_is_the_same_history(server: SandboxServer) -> None:
    """And another seed another one."""

    def seen(seed: int) -> list[Any]:
        server.control("POST", "reset")
        _fill(server, seed=seed)
        return [
            (one["created"], one["amount_total"], one["status"], one["customer_details"])
            for one in _all(server, "checkout/sessions")
        ]

    first = seen(1)
    assert seen(1) == first
    assert seen(2) != first


def test_nobody_subscribes_twice(server: SandboxServer) -> None:
    """Who has a subscription buys no second one, also where there are few people."""
    people = [f"tester{number}@example.com" for number in range(5)]
    _fill(server, emails=people, sold=_sold(server)[1:])
    customers = [one["customer"] for one in _all(server, "subscriptions", status="all")]
    emails = [server.get(f"/v1/customers/{customer}")["email"] for customer in customers]
    assert len(emails) == len(set(emails)) > 2


def test_the_given_people_buy(server: SandboxServer) -> None:
    """Where emails are given, the payers are theirs."""
    people = ["ann@example.com", "bo@example.com"]
    _fill(server, emails=people)
    payers = {
        session["customer_details"]["email"]
        for session in _all(server, "checkout/sessions")
        if session["status"] == "complete"
    }
    assert payers == set(people)


@pytest.mark.parametrize(
    "wrong",
    [
        {"sold": []},
        {"sold": [{"mode": "payment"}]},
        {"sold": [{"price": "price_none"}]},
        {"days": 0},
        {"days": 10_000},
        {"sessions": 0},
        {"sessions": 10**9},
        {"seed": "x"},
        {"emails": [1]},
        {"until": "now"},
    ],
)
def test_nonsense_makes_nothing(server: SandboxServer, wrong: dict[str, Any]) -> None:
    """Refused by name, and no session is left half-way."""
    body = {"sold": _sold(server), "sessions": 5, **wrong}
    refusal = server.control("POST", "fill", body, status=400)
    assert refusal["error"]["param"]
    assert server.control("GET", "state")["counts"]["checkout.session"] == 0


@pytest.mark.parametrize("quantity", [[], [1], [2, 1], [0, 3], ["1", "2"], 5])
def test_a_wrong_quantity_is_refused(server: SandboxServer, quantity: Any) -> None:
    """Two whole numbers, the least and the most; none means one."""
    sold = [{"price": server.credit, "quantity": quantity}]
    status = 200 if quantity == [] else 400
    server.control("POST", "fill", {"sold": sold, "sessions": 2}, status=status)


def test_people_come_by_day_and_on_weekdays() -> None:
    """The rhythm of a week: nights and weekends are quiet."""
    plan = HistoryPlan(28, 4_000, 1, (Offer("p", "payment", 1, (1, 1)),), (), "", "")
    now = int(datetime(2027, 3, 1, tzinfo=UTC).timestamp())
    chance = random.Random(1)  # noqa: S311  # the same on every run
    moments = [datetime.fromtimestamp(moment, UTC) for moment in visit_times(plan, now, chance)]
    weekend = sum(moment.weekday() >= 5 for moment in moments)
    night = sum(moment.hour < 5 for moment in moments)
    assert weekend < len(moments) * 0.2
    assert night < len(moments) * 0.1
    assert all(now - 28 * DAY <= moment.timestamp() < now for moment in moments)
