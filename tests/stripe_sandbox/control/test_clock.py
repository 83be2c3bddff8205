"""The clock that moves forward, and what falls due on the way."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import stripe

from stripe_sandbox.clock import Clock, ManualClock
from stripe_sandbox.resources.billing_cycle import add_interval, next_period_end
from tests.stripe_sandbox.conftest import Box, price_of, serve, wait_until
from tests.stripe_sandbox.schema.stripe_types import assert_fits

DAY = 86_400
MONTH = 31 * DAY


def _advance(box: Box, seconds: float) -> list[dict[str, Any]]:
    """The events of the way, all of which fit Stripe's types."""
    answer = box.control("POST", "clock", {"advance_seconds": seconds})
    events = [box.get(f"/v1/events/{event}") for event in answer["events"]]
    assert_fits(*events)
    return events


def _begin(box: Box, card: str = "4242424242424242", **other: Any) -> dict[str, Any]:
    """A subscription paid with the card."""
    session = box.subscribe(**other)
    body = {"card": card, "authenticate": True}
    assert box.control("POST", f"sessions/{session.id}/pay", body)["outcome"] == "paid"
    paid = box.get(f"/v1/checkout/sessions/{session.id}", **{"expand[0]": "subscription"})
    found: dict[str, Any] = paid["subscription"]
    return found


def _types(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


RENEWED = [
    "invoice.created",
    "customer.subscription.updated",
    "invoice.finalized",
    "payment_intent.created",
    "charge.succeeded",
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


def test_the_clock_moves_forward(box: Box) -> None:
    """By as much as asked, for everything made afterwards, and nothing happens without cause."""
    before = box.clock.now()
    answer = box.control("POST", "clock", {"advance_seconds": MONTH})
    nothing = answer.pop("happened")
    assert nothing["renewals"] == {"due": 0, "paid": 0, "failed": 0}
    assert answer == {"now": before + MONTH, "events": []}
    assert box.control("GET", "state")["clock"] == {"now": before + MONTH, "ahead_seconds": MONTH}
    assert box.create().created == before + MONTH
    box.control("POST", "clock", {"advance_seconds": 0.5})
    assert box.control("GET", "state")["clock"]["ahead_seconds"] == MONTH + 0.5


@pytest.mark.parametrize("wrong", [-1, "1", 1e12, True, float("inf")])
def test_the_clock_moves_only_forward(box: Box, wrong: Any) -> None:
    """Backwards, not a number, or beyond all reason: refused."""
    body = {"advance_seconds": wrong}
    if wrong == float("inf"):
        body = {"advance_seconds": 10**400}
    refusal = box.control("POST", "clock", body, status=400)
    assert refusal["error"]["param"] == "advance_seconds"
    assert box.control("GET", "state")["clock"]["ahead_seconds"] == 0


def test_the_clock_has_a_farthest_point(box: Box) -> None:
    """Some years ahead; beyond, only a reset helps, and the refusal says so."""
    for _ in range(10):
        box.control("POST", "clock", {"advance_seconds": 400 * DAY})
    refusal = box.control("POST", "clock", {"advance_seconds": 1}, status=400)
    assert "A reset sets it back" in refusal["error"]["message"]
    assert box.control("GET", "state")["clock"]["ahead_seconds"] == 4_000 * DAY


def test_moving_the_clock_answers_what_came_of_the_renewals(box: Box) -> None:
    """How many were paid and failed and wait for a bank, beside what else fell due."""
    for card in ("4242424242424242", "5555555555554444", "4000000000000341"):
        _begin(box, card)
    session = box.subscribe()
    body = {"bank_account": "000123456789", "settles_in_seconds": 1}
    box.control("POST", f"sessions/{session.id}/pay", body)
    for account in ("000123456789", "000111111116"):
        box.control("POST", f"sessions/{box.create().id}/pay", {"bank_account": account})
    box.control("POST", f"sessions/{box.create().id}/pay", {"card": "4000000000000259"})
    box.create()
    [item] = box.get("/v1/subscriptions")["data"][0]["items"]["data"]
    seconds = item["current_period_end"] - box.clock.now()
    assert box.control("POST", "clock", {"advance_seconds": seconds})["happened"] == {
        "renewals": {"due": 4, "paid": 2, "failed": 1},
        "sessions_expired": 1,
        "debits": {"succeeded": 2, "failed": 1},
        "disputes_opened": 1,
    }
    later = box.control("POST", "clock", {"advance_seconds": 60})["happened"]
    assert later["renewals"] == {"due": 0, "paid": 1, "failed": 0}


def test_a_restart_keeps_the_time(tmp_path: Path) -> None:
    """The next process goes on from where the clock was moved to; a reset is back to now."""
    database = tmp_path / "sandbox.sqlite3"
    with serve(database, Clock()) as box:
        box.control("POST", "clock", {"advance_seconds": MONTH})
    with serve(database, Clock()) as box:
        now = box.control("GET", "state")["clock"]["now"]
        assert 0 <= now - (time.time() + MONTH) + 60 <= 120
        box.control("POST", "reset")
        assert abs(box.control("GET", "state")["clock"]["now"] - time.time()) < 60


def test_another_process_follows(tmp_path: Path) -> None:
    """Processes that share the database agree on the time."""
    database = tmp_path / "sandbox.sqlite3"
    clock = ManualClock(int(time.time()))
    with serve(database, clock) as one, serve(database, clock) as other:
        other.control("GET", "state")
        one.control("POST", "clock", {"advance_seconds": MONTH})
        assert other.control("GET", "state")["clock"]["ahead_seconds"] == MONTH
        assert other.create().created == clock.now() + MONTH


def test_sessions_expire_on_the_way(box: Box) -> None:
    """Each at its own time, in order."""
    now = box.clock.now()
    late = box.create()
    soon = box.create(expires_at=now + 3600)
    events = _advance(box, 2 * DAY)
    assert [(event["data"]["object"]["id"], event["created"]) for event in events] == [
        (soon.id, now + 3600),
        (late.id, now + DAY),
    ]
    assert _types(events) == ["checkout.session.expired"] * 2


def test_a_subscription_renews(box: Box) -> None:
    """At the end of the period: the next period, a paid invoice for it, the events in order and
    at that time."""
    subscription = _begin(box, subscription_data={"metadata": {"plan": "pro"}})
    [item] = subscription["items"]["data"]
    end = item["current_period_end"]
    assert _advance(box, end - box.clock.now() - 1) == []
    events = _advance(box, 1)
    assert _types(events) == RENEWED
    assert {event["created"] for event in events} == {end}
    renewed = box.get(
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
    intent = box.get(
        f"/v1/payment_intents/{invoice['payments']['data'][0]['payment']['payment_intent']}"
    )
    assert (intent["status"], intent["customer"]) == ("succeeded", subscription["customer"])
    assert (intent["amount"], intent["description"]) == (9900, "Subscription update")
    updated = events[1]["data"]
    assert set(updated["previous_attributes"]) == {"items", "latest_invoice"}
    assert updated["previous_attributes"]["latest_invoice"] == subscription["latest_invoice"]


def test_every_period_on_the_way_is_renewed(box: Box) -> None:
    """A quarter of a year is three renewals, each at its time."""
    subscription = _begin(box)
    [item] = subscription["items"]["data"]
    start = item["current_period_start"]
    events = _advance(box, 95 * DAY)
    paid = [event["created"] for event in events if event["type"] == "invoice.paid"]
    assert paid == [add_interval(start, "month", month) for month in (1, 2, 3)]
    assert len(box.get("/v1/invoices", subscription=subscription["id"])["data"]) == 4


def test_two_renew_in_the_order_of_their_times(box: Box) -> None:
    """A weekly and a monthly subscription, mixed as the calendar mixes them."""
    weekly = price_of(box.sandbox, "weekly", "Weekly", 500, "week")
    one = _begin(box)
    other = _begin(box, line_items=[{"price": weekly, "quantity": 2}])
    events = _advance(box, 32 * DAY)
    created = [event["created"] for event in events]
    assert created == sorted(created)
    paid = [
        event["data"]["object"]["parent"]["subscription_details"]["subscription"]
        for event in events
        if event["type"] == "invoice.paid"
    ]
    assert sorted(paid) == sorted([one["id"]] + [other["id"]] * 4)


def test_a_renewal_that_fails(box: Box) -> None:
    """The card that only attaches begins the subscription; its renewal leaves an open invoice and
    a subscription past due; so does the one after."""
    subscription = _begin(box, "4000000000000341")
    assert subscription["status"] == "active"
    events = _advance(box, MONTH)
    assert _types(events) == [*NOT_RENEWED, "customer.updated", "customer.subscription.updated"]
    renewed = box.get(
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
    assert _types(_advance(box, MONTH)) == NOT_RENEWED


def test_a_renewal_that_needs_the_customer(box: Box) -> None:
    """A card whose bank always asks cannot be charged without its owner."""
    _begin(box, "4000002760003184")
    assert _types(_advance(box, MONTH)) == [
        *NOT_RENEWED,
        "invoice.payment_action_required",
        "customer.updated",
        "customer.subscription.updated",
    ]
    _begin(box, "4000002500003155")
    renewed = [
        event["data"]["object"]["status"]
        for event in _advance(box, MONTH)
        if event["type"] == "invoice.paid"
    ]
    assert renewed == ["paid"]


def test_a_renewal_by_debit(box: Box) -> None:
    """Its invoice stays open until the bank has answered."""
    session = box.subscribe()
    body = {"bank_account": "000123456789", "settles_in_seconds": 1}
    box.control("POST", f"sessions/{session.id}/pay", body)
    _advance(box, 1)
    [item] = box.get("/v1/subscriptions")["data"][0]["items"]["data"]
    events = _advance(box, item["current_period_end"] - box.clock.now() - 1)
    assert _types(events) == [*RENEWED[:4], "charge.pending", "payment_intent.processing"]
    assert _types(_advance(box, 20)) == RENEWED[4:]


def test_checkout_still_declines_the_card_that_only_attaches(box: Box) -> None:
    """As Stripe's does, which charges at once; and a one-time payment is declined anywhere."""
    session = box.create()
    body = {"card": "4000000000000341"}
    assert box.control("POST", f"sessions/{session.id}/pay", body)["outcome"] == "declined"


def test_a_restart_forgets_no_renewal(tmp_path: Path) -> None:
    """A subscription that a stopped process began is renewed by the next one."""
    database = tmp_path / "sandbox.sqlite3"
    clock = ManualClock(int(time.time()))
    with serve(database, clock) as box:
        subscription = _begin(box)
    clock.advance(MONTH)
    with serve(database, clock) as box:
        wait_until(
            lambda: len(box.get("/v1/invoices", subscription=subscription["id"])["data"]) == 2
        )


def test_the_endpoint_hears_of_it_before_the_answer(box: Box) -> None:
    """Moving the clock returns when the webhooks got their first answer, signed with the wall's
    time so that no receiver finds them too old or from the future."""
    secret = box.sandbox.ensure_webhook_endpoint(url=box.receiver.url, description="shop")
    _begin(box)
    wait_until(lambda: len(box.receiver.received) == 14)
    events = _advance(box, MONTH)
    ids = {event["id"] for event in events}
    arrived = {event["id"] for event in box.receiver.events()}
    assert ids <= arrived
    for headers, body in box.receiver.received:
        stripe.Webhook.construct_event(body, headers["stripe-signature"], secret)
        sent = int(headers["stripe-signature"].split(",")[0].removeprefix("t="))
        assert sent == box.clock.now()


def test_a_dispute_follows(box: Box) -> None:
    """The card whose owner denies the payment: some seconds later its charge is disputed."""
    session = box.create()
    body = {"card": "4000000000000259"}
    assert box.control("POST", f"sessions/{session.id}/pay", body)["outcome"] == "paid"
    events = _advance(box, 5)
    assert _types(events) == ["charge.dispute.created", "charge.dispute.funds_withdrawn"]
    [dispute] = box.get("/v1/disputes")["data"]
    assert_fits(dispute)
    assert (dispute["amount"], dispute["reason"], dispute["status"]) == (
        297, "fraudulent", "needs_response",
    )  # fmt: skip
    shown = box.get(f"/v1/disputes/{dispute['id']}", **{"expand[0]": "charge"})
    assert shown["charge"]["disputed"] is True
    assert box.get("/v1/disputes", charge=shown["charge"]["id"])["data"] == [dispute]
    assert _advance(box, MONTH) == []


def test_cards_expire_with_the_sandboxs_time(box: Box) -> None:
    """A card that is good today is refused in a year."""
    year, month = box.clock.year_and_month()
    box.control("POST", "clock", {"advance_seconds": 370 * DAY})
    outcome = box.pay(box.create().id, exp_year=year, exp_month=month)
    assert getattr(outcome, "code", None) in ("invalid_expiry_year", "invalid_expiry_month")


def test_moving_the_clock_forgets_no_event(box: Box) -> None:
    """What happened early on a long way is still reported, and can be looked up."""
    box.sandbox.ensure_webhook_endpoint(url=box.receiver.url, description="shop")
    session = box.create()
    events = _advance(box, 200 * DAY)
    assert [event["data"]["object"]["id"] for event in events] == [session.id]
    assert [event["id"] for event in box.receiver.events()] == [events[0]["id"]]


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
