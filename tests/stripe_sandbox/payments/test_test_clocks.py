"""Test clocks: their customers live in a time of their own, the account in its."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from stripe_sandbox.errors import StripeError
from stripe_sandbox.resources.billing.billing_cycle import add_interval
from stripe_sandbox.scheduling.jobs import JobKind
from tests.stripe_sandbox.payments.intents.test_authentication import authenticate
from tests.support.stripe.sandbox_server import SandboxServer, refused, sandbox_server, types
from tests.support.stripe.stripe_types import assert_fits
from tests.support.waiting import wait_for

START = 1_893_456_000
"""1 January 2030."""
DAY = 86_400
HOUR = 3_600
KIND = "test_helpers.test_clock"


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    """One sandbox; each test has clocks of its own."""
    with sandbox_server(None) as found:
        yield found


def _clock(server: SandboxServer, frozen_time: int = START) -> str:
    created = server.stripe.v1.test_helpers.test_clocks.create(
        {"frozen_time": frozen_time, "name": "Renewals"}
    )
    return str(created.id)


def _customer(server: SandboxServer, clock: str, card: str = "pm_card_visa") -> str:
    customer = server.stripe.v1.customers.create({"test_clock": clock})
    method = server.stripe.v1.payment_methods.attach(card, {"customer": customer.id})
    server.stripe.v1.customers.update(
        customer.id, {"invoice_settings": {"default_payment_method": method.id}}
    )
    return str(customer.id)


def _subscribe(server: SandboxServer, customer: str) -> Any:
    created = server.stripe.v1.subscriptions.create(
        {"customer": customer, "items": [{"price": server.pro}]}
    )
    return server.get(f"/v1/subscriptions/{created.id}")


def _advance(server: SandboxServer, clock: str, moment: int) -> None:
    clocks = server.stripe.v1.test_helpers.test_clocks
    advancing = clocks.advance(clock, {"frozen_time": moment})
    assert advancing.status == "advancing"
    wait_for(lambda: clocks.retrieve(clock).status != "advancing")
    ready = server.get(f"/v1/test_helpers/test_clocks/{clock}")
    assert (ready["status"], ready["frozen_time"], ready["status_details"]) == (
        "ready",
        moment,
        {},
    )


def test_a_subscription_renews_in_the_time_of_its_clock(server: SandboxServer) -> None:
    """What is created has that time, the renewal waits for the clock, and the account's own time
    stays, that of events too; every object fits the SDK's types."""
    clock = _clock(server)
    customer = _customer(server, clock)
    subscription = _subscribe(server, customer)
    assert_fits(subscription)
    assert (subscription["created"], subscription["test_clock"]) == (START, clock)
    assert subscription["status"] == "active"
    first = server.get(
        f"/v1/invoices/{subscription['latest_invoice']}", **{"expand[0]": "test_clock"}
    )
    assert_fits(first)
    assert (first["created"], first["status_transitions"]["paid_at"]) == (START, START)
    assert first["test_clock"]["id"] == clock
    end = subscription["items"]["data"][0]["current_period_end"]
    assert end == add_interval(START, "month", 1)
    known = server.event_types()
    server.control("POST", "clock", {"advance_seconds": 5})
    _advance(server, clock, end + 60)
    seen = server.event_types_since(known)
    assert seen[:2] == [f"{KIND}.advancing", "invoice.upcoming"]
    assert seen[-1] == f"{KIND}.ready"
    draft = server.stripe.v1.subscriptions.retrieve(
        subscription["id"], {"expand": ["latest_invoice"]}
    ).latest_invoice
    assert not isinstance(draft, str)
    assert draft is not None
    assert (draft.status, draft.created) == ("draft", end)
    _advance(server, clock, end + 2 * HOUR)
    paid = server.get(f"/v1/invoices/{draft.id}")
    assert (paid["status"], paid["status_transitions"]["paid_at"]) == ("paid", end + HOUR)
    [event] = server.get("/v1/events", limit=1)["data"]
    assert abs(event["created"] - time.time()) < DAY
    assert server.stripe.v1.products.create({"name": "Now"}).created < START


def test_what_a_page_does_happens_in_the_time_of_the_clock(server: SandboxServer) -> None:
    """A Checkout Session belongs to the account; what comes of it lives with its customer."""
    clock = _clock(server)
    customer = server.stripe.v1.customers.create({"test_clock": clock})
    session = server.subscribe(customer=customer.id)
    assert session.created < START
    server.pay(session.id)
    found = server.retrieve(session.id, "subscription")
    assert (found["subscription"]["created"], found["subscription"]["test_clock"]) == (START, clock)
    assert found["status"] == "complete"


def test_a_declined_renewal_is_retried_in_the_time_of_the_clock(server: SandboxServer) -> None:
    """Days of the clock's pass between two attempts."""
    clock = _clock(server)
    customer = _customer(server, clock)
    subscription = _subscribe(server, customer)
    bad = server.stripe.v1.payment_methods.attach(
        "pm_card_chargeCustomerFail", {"customer": customer}
    )
    server.stripe.v1.customers.update(
        customer, {"invoice_settings": {"default_payment_method": bad.id}}
    )
    end = subscription["items"]["data"][0]["current_period_end"]
    _advance(server, clock, end + 2 * HOUR)
    failed = server.get(
        f"/v1/subscriptions/{subscription['id']}", **{"expand[0]": "latest_invoice"}
    )
    invoice = failed["latest_invoice"]
    assert (failed["status"], invoice["attempt_count"]) == ("past_due", 1)
    attempt = invoice["next_payment_attempt"]
    assert attempt > end
    _advance(server, clock, attempt)
    assert server.get(f"/v1/invoices/{invoice['id']}")["attempt_count"] == 2


def test_a_clock_moves_forward_by_two_intervals_at_most(server: SandboxServer) -> None:
    """Of its shortest subscription; by two years without one; and nothing changes meanwhile."""
    clocks = server.stripe.v1.test_helpers.test_clocks
    clock = _clock(server)
    for wrong in (START, START - 1, add_interval(START, "year", 2) + 1):
        refusal = refused(lambda: clocks.advance(clock, {"frozen_time": wrong}))  # noqa: B023
        assert refusal.http_status == 400
        assert "frozen_time" in str(refusal.user_message)
    _subscribe(server, _customer(server, clock))
    beyond = add_interval(START, "month", 2) + 1
    refusal = refused(lambda: clocks.advance(clock, {"frozen_time": beyond}))
    assert "two intervals" in str(refusal.user_message)


def test_what_belongs_to_an_advancing_clock_cannot_be_changed(server: SandboxServer) -> None:
    """Stripe's refusal, a 429, names the clock."""
    clock = _clock(server)
    customer = _customer(server, clock)
    stored = server.sandbox._backend.objects
    value = stored.get(KIND, clock)
    assert value is not None
    stored.save({**value, "status": "advancing"})
    refusal = refused(lambda: server.stripe.v1.customers.update(customer, {"name": "A"}))
    assert refusal.http_status == 429
    assert "Test clock advancement underway" in str(refusal.user_message)
    stored.save(value)
    assert server.stripe.v1.customers.update(customer, {"name": "A"}).name == "A"


def test_an_advance_that_fails_is_undone_and_told(
    server: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock can only be deleted then."""
    clock = _clock(server)
    subscription = _subscribe(server, _customer(server, clock))
    end = subscription["items"]["data"][0]["current_period_end"]

    def fail(*_: Any) -> None:
        raise StripeError("broken")

    jobs = server.sandbox._scheduler._jobs
    monkeypatch.setitem(jobs._handlers, JobKind.RENEWAL, fail)
    clocks = server.stripe.v1.test_helpers.test_clocks
    clocks.advance(clock, {"frozen_time": end})
    wait_for(lambda: clocks.retrieve(clock).status == "internal_failure")
    [event] = server.get("/v1/events", limit=1)["data"]
    assert event["type"] == f"{KIND}.internal_failure"
    refusal = refused(lambda: clocks.advance(clock, {"frozen_time": end + 1}))
    assert refusal.http_status == 400
    assert clocks.delete(clock).deleted


def test_a_clock_has_three_customers_and_they_three_subscriptions(server: SandboxServer) -> None:
    """One more is refused, as is an unknown clock."""
    clock = _clock(server)
    customers = [_customer(server, clock) for _ in range(3)]
    refusal = refused(lambda: server.stripe.v1.customers.create({"test_clock": clock}))
    assert "at most 3 customers" in str(refusal.user_message)
    for _ in range(3):
        _subscribe(server, customers[0])
    refusal = refused(lambda: _subscribe(server, customers[0]))
    assert "at most 3 subscriptions" in str(refusal.user_message)
    unknown = refused(lambda: server.stripe.v1.customers.create({"test_clock": "clock_none"}))
    assert unknown.code == "resource_missing"


def test_an_existing_customer_moves_to_a_new_clock(server: SandboxServer) -> None:
    """With its subscriptions and what they have scheduled, for good; a later one cannot take it."""
    clocks = server.stripe.v1.test_helpers.test_clocks
    customer = str(server.stripe.v1.customers.create({}).id)
    method = server.stripe.v1.payment_methods.attach("pm_card_visa", {"customer": customer})
    settings: Any = {"invoice_settings": {"default_payment_method": method.id}}
    server.stripe.v1.customers.update(customer, settings)
    subscription = _subscribe(server, customer)
    end = subscription["items"]["data"][0]["current_period_end"]
    for given, reason in (
        ({"frozen_time": end - 40 * DAY}, "in the past"),
        ({"customer": "cus_none"}, "No such customer"),
    ):
        params: Any = {"customer": customer, "frozen_time": end - DAY, **given}
        assert reason in str(refused(lambda: clocks.create(params)).user_message)  # noqa: B023
    clock = clocks.create({"customer": customer, "frozen_time": end - DAY}).id
    assert server.stripe.v1.customers.retrieve(customer).test_clock == clock
    [listed] = server.get("/v1/subscriptions", test_clock=clock)["data"]
    assert_fits(listed)
    left = server.sandbox._database.rows(
        "SELECT kind FROM agenda WHERE subject = ?", (subscription["id"],)
    )
    assert left == []
    _advance(server, clock, end + 2 * HOUR)
    renewed = server.get(
        f"/v1/subscriptions/{subscription['id']}", **{"expand[0]": "latest_invoice"}
    )
    assert renewed["items"]["data"][0]["current_period_start"] == end
    assert (renewed["latest_invoice"]["status"], renewed["latest_invoice"]["created"]) == (
        "paid",
        end,
    )
    again: Any = {"customer": customer, "frozen_time": end + 400 * DAY}
    assert "already belongs" in str(refused(lambda: clocks.create(again)).user_message)
    late: Any = {"test_clock": clock}
    unknown: Any = refused(lambda: server.stripe.v1.customers.update(customer, late))
    assert (unknown.code, unknown.param) == ("parameter_unknown", "test_clock")


def test_3d_secure_is_passed_in_the_time_of_the_clock(server: SandboxServer) -> None:
    """The charge has that time; what it brings is the account's, in its time."""
    clock = _clock(server)
    customer = server.stripe.v1.customers.create({"test_clock": clock}).id
    for params in ({"customer": customer}, {"customer": customer, "usage": "on_session"}):
        given: Any = {
            **params,
            "payment_method": "pm_card_threeDSecureRequired",
            "confirm": True,
            "return_url": "http://shop.example/",
        }
        if "usage" in params:
            made = server.stripe.v1.setup_intents.create(given).to_dict()
        else:
            pays: Any = {**given, "amount": 900, "currency": "usd"}
            made = server.stripe.v1.payment_intents.create(pays).to_dict()
        authenticate(server, made, "complete")
    [attempt] = server.get("/v1/setup_attempts", setup_intent=made["id"])["data"]
    assert (attempt["status"], attempt["created"]) == ("succeeded", START)
    [charge] = server.get("/v1/charges", customer=customer)["data"]
    assert charge["created"] == START
    moved = server.get(f"/v1/balance_transactions/{charge['balance_transaction']}")
    assert moved["created"] < START
    assert moved["status"] == "pending"


def test_lists_leave_out_what_lives_in_a_clocks_time(server: SandboxServer) -> None:
    """Unless they name the clock, or, of subscriptions, the customer."""
    clock = _clock(server)
    customer = _customer(server, clock)
    subscription = _subscribe(server, customer)["id"]
    outside = server.stripe.v1.customers.create({}).id
    customers, subscriptions = server.stripe.v1.customers, server.stripe.v1.subscriptions
    assert [one.id for one in customers.list({"test_clock": clock})] == [customer]
    listed = [one.id for one in customers.list({"limit": 100})]
    assert outside in listed
    assert customer not in listed
    assert [one.id for one in subscriptions.list({"test_clock": clock})] == [subscription]
    assert [one.id for one in subscriptions.list({"customer": customer})] == [subscription]
    assert subscription not in [one.id for one in subscriptions.list({"limit": 100})]


def test_with_a_clock_its_customers_go(server: SandboxServer) -> None:
    """Their subscriptions are canceled; nothing of them falls due any more."""
    clock = _clock(server)
    customer = _customer(server, clock)
    subscription = _subscribe(server, customer)["id"]
    assert server.stripe.v1.test_helpers.test_clocks.delete(clock).deleted
    assert types(reversed(server.get("/v1/events", limit=4)["data"])) == [
        "customer.subscription.deleted",
        "payment_method.detached",
        "customer.deleted",
        f"{KIND}.deleted",
    ]
    assert server.stripe.v1.customers.retrieve(customer).deleted
    ended = server.stripe.v1.subscriptions.retrieve(subscription)
    assert (ended.status, ended.ended_at) == ("canceled", START)
    assert server.sandbox._scheduler._jobs.next_due(clock) is None
    gone = refused(lambda: server.stripe.v1.test_helpers.test_clocks.retrieve(clock))
    assert (gone.http_status, gone.code) == (404, "resource_missing")


def test_a_clock_ends_by_itself(server: SandboxServer) -> None:
    """After `deletes_after`, in the account's time."""
    clock = _clock(server)
    listed = server.get("/v1/test_helpers/test_clocks", limit=1)["data"]
    assert_fits(listed[0])
    assert listed[0]["id"] == clock
    left = listed[0]["deletes_after"] - server.sandbox.clock.now()
    server.control("POST", "clock", {"advance_seconds": left + 1})
    assert server.get("/v1/test_helpers/test_clocks")["data"] == []
