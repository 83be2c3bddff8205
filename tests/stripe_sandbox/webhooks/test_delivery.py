"""Webhooks: signed, retried with growing delays, bounded, and not lost by a restart."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import threading
import time
from pathlib import Path

import pytest
import stripe
from starlette.responses import RedirectResponse, Response

from stripe_sandbox.payments.checkout import Paid
from stripe_sandbox.webhooks.delivery import RETRY_DELAYS, signature
from tests.stripe_sandbox.conftest import PATIENCE, PAYER, Box, card, serve, wait_until


def _ensure(box: Box) -> str:
    return box.sandbox.ensure_webhook_endpoint(url=box.receiver.url, description="shop")


def _deliveries(box: Box) -> list[tuple[str, int]]:
    rows = box.sandbox._database.rows("SELECT state, attempts FROM deliveries ORDER BY seq")
    return [(row[0], row[1]) for row in rows]


def test_a_payment_reaches_the_endpoint_signed(box: Box) -> None:
    """Each event arrives as indented JSON with a signature that the SDK accepts."""
    secret = _ensure(box)
    session = box.create()
    box.pay(session.id)
    wait_until(lambda: len(box.receiver.received) == 4)
    for headers, body in box.receiver.received:
        event = stripe.Webhook.construct_event(body, headers["stripe-signature"], secret)
        assert event.pending_webhooks == 1
        assert body == json.dumps(json.loads(body), indent=2, ensure_ascii=False).encode()
        assert headers["content-type"] == "application/json; charset=utf-8"
        assert headers["user-agent"] == "Stripe/1.0 (+https://stripe.com/docs/webhooks)"
    completed = [e for e in box.receiver.events() if e["type"] == "checkout.session.completed"]
    assert completed[0]["data"]["object"]["id"] == session.id
    wait_until(lambda: all(state == "succeeded" for state, _ in _deliveries(box)))
    assert box.get("/v1/events", limit=1)["data"][0]["pending_webhooks"] == 0


def test_a_signature_has_a_v1_for_each_secret() -> None:
    """HMAC-SHA256 over the timestamp and the raw body, once for each active secret."""
    expected = [
        hmac.new(secret, b"17.{}", hashlib.sha256).hexdigest() for secret in (b"old", b"new")
    ]
    assert signature(b"{}", ["old", "new"], 17) == f"t=17,v1={expected[0]},v1={expected[1]}"


def test_the_delays_grow() -> None:
    """Each retry waits longer than the one before."""
    assert list(RETRY_DELAYS) == sorted(set(RETRY_DELAYS))


@pytest.mark.parametrize(
    "answer",
    [Response(status_code=500), Response(status_code=404), RedirectResponse("/shop/elsewhere")],
    ids=["500", "404", "redirect"],
)
def test_what_is_not_2xx_is_retried_with_growing_delays(box: Box, answer: Response) -> None:
    """After 10 s, then after 100 s more, each try signed anew; then it is given up."""
    secret = _ensure(box)
    box.receiver.answer = lambda: answer
    box.stripe.v1.customers.create(params={"name": "One"})
    wait_until(lambda: _deliveries(box) == [("pending", 1)])
    box.clock.advance(9)
    assert len(box.receiver.received) == 1
    box.clock.advance(1)
    wait_until(lambda: _deliveries(box) == [("pending", 2)])
    box.clock.advance(99)
    assert len(box.receiver.received) == 2
    box.clock.advance(1)
    wait_until(lambda: _deliveries(box) == [("failed", 3)])
    box.clock.advance(1_000_000)
    assert len(box.receiver.received) == 3
    signatures = {headers["stripe-signature"] for headers, _ in box.receiver.received}
    assert len(signatures) == 3
    assert len({event["id"] for event in box.receiver.events()}) == 1
    for headers, body in box.receiver.received:
        stripe.WebhookSignature.verify_header(
            body.decode(), headers["stripe-signature"], secret, tolerance=10**9
        )


def test_a_retry_that_succeeds_ends_it(box: Box) -> None:
    """The endpoint recovered: no further try."""
    _ensure(box)
    box.receiver.answer = lambda: Response(status_code=503)
    box.stripe.v1.customers.create(params={"name": "One"})
    wait_until(lambda: _deliveries(box) == [("pending", 1)])
    box.receiver.answer = lambda: Response(status_code=204)
    box.clock.advance(10)
    wait_until(lambda: _deliveries(box) == [("succeeded", 2)])
    assert box.get("/v1/events", type="customer.created")["data"][0]["pending_webhooks"] == 0


def test_nobody_there_is_a_failure_that_is_retried(box: Box) -> None:
    """A refused connection counts as a try, and an endpoint that moved gets the next one."""
    ensure = box.sandbox.ensure_webhook_endpoint
    ensure(url="http://127.0.0.1:9/nobody", description="shop")
    box.stripe.v1.customers.create(params={"name": "One"})
    wait_until(lambda: _deliveries(box) == [("pending", 1)])
    ensure(url=box.receiver.url, description="shop")
    box.clock.advance(10)
    wait_until(lambda: _deliveries(box) == [("succeeded", 2)])
    assert len(box.receiver.received) == 1


def test_a_slow_endpoint_times_out() -> None:
    """No answer in time is a failure."""
    with serve(None, delivery_timeout=0.1, retry_delays=(10.0,)) as box:
        released = threading.Event()

        async def wait() -> None:
            await asyncio.to_thread(released.wait, PATIENCE)

        _ensure(box)
        box.receiver.wait = wait
        box.stripe.v1.customers.create(params={"name": "One"})
        wait_until(lambda: _deliveries(box) == [("pending", 1)])
        released.set()


def test_a_restart_loses_nothing(tmp_path: Path) -> None:
    """What was not delivered when the process ended is delivered by the next one, with the same
    secret, the attempts counted on."""
    database = tmp_path / "sandbox.sqlite3"
    with serve(database, retry_delays=(0.0, 1e6)) as box:
        box.sandbox.ensure_webhook_endpoint(url="http://127.0.0.1:9/nobody", description="shop")
        session = box.create()
        outcome = box.pay(session.id)
        assert isinstance(outcome, Paid)
        wait_until(lambda: _deliveries(box) == [("pending", 2)] * 4)
    with serve(database) as box:
        secret = _ensure(box)
        assert box.stripe.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
        box.clock.advance(1e6)
        wait_until(lambda: len(box.receiver.received) == 4)
        wait_until(lambda: _deliveries(box) == [("succeeded", 3)] * 4)
        headers, body = box.receiver.received[0]
        stripe.WebhookSignature.verify_header(
            body.decode(), headers["stripe-signature"], secret, tolerance=10**10
        )


def test_checkout_waits_for_the_first_answers(box: Box) -> None:
    """`webhooks_answered` returns when the endpoint has answered, be it with a failure."""
    _ensure(box)
    box.receiver.answer = lambda: Response(status_code=500)
    outcome = box.pay(box.create().id)
    assert isinstance(outcome, Paid)
    asyncio.run(box.sandbox._deliveries.wait_for_responses(outcome.event_ids, timeout=10.0))
    assert "checkout.session.completed" in [event["type"] for event in box.receiver.events()]


def test_checkout_does_not_wait_forever(box: Box) -> None:
    """After the timeout the payer goes on, answered or not."""
    _ensure(box)
    released = threading.Event()

    async def wait() -> None:
        await asyncio.to_thread(released.wait, PATIENCE)

    box.receiver.wait = wait
    outcome = box.pay(box.create().id)
    assert isinstance(outcome, Paid)
    started = time.monotonic()
    asyncio.run(box.sandbox._deliveries.wait_for_responses(outcome.event_ids, timeout=0.05))
    assert time.monotonic() - started >= 0.05
    released.set()
    wait_until(lambda: len(box.receiver.received) == 4)


def test_no_endpoint_no_waiting(box: Box) -> None:
    """With no endpoint, the payer goes on at once."""
    outcome = box.sandbox.payments.pay(box.create().id, card(), PAYER)
    assert isinstance(outcome, Paid)
    asyncio.run(box.sandbox._deliveries.wait_for_responses(outcome.event_ids, timeout=3600.0))


def test_deliveries_at_once_are_bounded() -> None:
    """However many wait, no more than the bound are under way together, and all arrive."""
    with serve(None, delivery_concurrency=3) as box:
        _ensure(box)
        released = threading.Event()
        under_way = most = 0

        async def wait() -> None:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            await asyncio.to_thread(released.wait, PATIENCE)
            under_way -= 1

        box.receiver.wait = wait
        box.stripe.v1.customers.create(params={"name": "One"})
        wait_until(lambda: under_way == 1)
        box.pay(box.subscribe().id)
        wait_until(lambda: under_way == 3)
        released.set()
        wait_until(lambda: len(box.receiver.received) == 15)
        assert most == 3
