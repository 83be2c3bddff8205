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
from stripe_sandbox.webhooks.delivery import RETRY_SCHEDULES, signature
from tests.support.stripe.sandbox_server import PAYER, SandboxServer, card, sandbox_server
from tests.support.waiting import PATIENCE, wait_for


def _ensure(server: SandboxServer) -> str:
    return server.sandbox.ensure_webhook_endpoint(url=server.receiver.url, description="shop")


def _deliveries(server: SandboxServer) -> list[tuple[str, int]]:
    rows = server.sandbox._database.rows("SELECT state, attempts FROM deliveries ORDER BY seq")
    return [(row[0], row[1]) for row in rows]


def test_a_payment_reaches_the_endpoint_signed(server: SandboxServer) -> None:
    """Each event arrives as indented JSON with a signature that the SDK accepts."""
    secret = _ensure(server)
    session = server.create()
    server.pay(session.id)
    wait_for(lambda: len(server.receiver.received) == 5)
    for headers, body in server.receiver.received:
        event = stripe.Webhook.construct_event(body, headers["stripe-signature"], secret)
        assert event.pending_webhooks == 1
        assert body == json.dumps(json.loads(body), indent=2, ensure_ascii=False).encode()
        assert headers["content-type"] == "application/json; charset=utf-8"
        assert headers["user-agent"] == "Stripe/1.0 (+https://stripe.com/docs/webhooks)"
    completed = [e for e in server.receiver.events() if e["type"] == "checkout.session.completed"]
    assert completed[0]["data"]["object"]["id"] == session.id
    wait_for(lambda: all(state == "succeeded" for state, _ in _deliveries(server)))
    assert server.get("/v1/events", limit=1)["data"][0]["pending_webhooks"] == 0


def test_a_signature_has_a_v1_for_each_secret() -> None:
    """HMAC-SHA256 over the timestamp and the raw body, once for each active secret."""
    expected = [
        hmac.new(secret, b"17.{}", hashlib.sha256).hexdigest() for secret in (b"old", b"new")
    ]
    assert signature(b"{}", ["old", "new"], 17) == f"t=17,v1={expected[0]},v1={expected[1]}"


@pytest.mark.parametrize("delays", RETRY_SCHEDULES.values(), ids=RETRY_SCHEDULES)
def test_the_delays_grow(delays: tuple[float, ...]) -> None:
    """Each retry waits longer than the one before."""
    assert list(delays) == sorted(set(delays))


@pytest.mark.parametrize(
    "answer",
    [Response(status_code=500), Response(status_code=404), RedirectResponse("/shop/elsewhere")],
    ids=["500", "404", "redirect"],
)
def test_what_is_not_2xx_is_retried_with_growing_delays(
    server: SandboxServer, answer: Response
) -> None:
    """After 10 s, then after 100 s more, each try signed anew; then it is given up."""
    secret = _ensure(server)
    server.receiver.answer = lambda: answer
    server.stripe.v1.customers.create(params={"name": "One"})
    wait_for(lambda: _deliveries(server) == [("pending", 1)])
    server.clock.advance(9)
    assert len(server.receiver.received) == 1
    server.clock.advance(1)
    wait_for(lambda: _deliveries(server) == [("pending", 2)])
    server.clock.advance(99)
    assert len(server.receiver.received) == 2
    server.clock.advance(1)
    wait_for(lambda: _deliveries(server) == [("failed", 3)])
    server.clock.advance(1_000_000)
    assert len(server.receiver.received) == 3
    signatures = {headers["stripe-signature"] for headers, _ in server.receiver.received}
    assert len(signatures) == 3
    assert len({event["id"] for event in server.receiver.events()}) == 1
    for headers, body in server.receiver.received:
        stripe.WebhookSignature.verify_header(
            body.decode(), headers["stripe-signature"], secret, tolerance=10**9
        )


def test_a_retry_that_succeeds_ends_it(server: SandboxServer) -> None:
    """The endpoint recovered: no further try."""
    _ensure(server)
    server.receiver.answer = lambda: Response(status_code=503)
    server.stripe.v1.customers.create(params={"name": "One"})
    wait_for(lambda: _deliveries(server) == [("pending", 1)])
    server.receiver.answer = lambda: Response(status_code=204)
    server.clock.advance(10)
    wait_for(lambda: _deliveries(server) == [("succeeded", 2)])
    assert server.get("/v1/events", type="customer.created")["data"][0]["pending_webhooks"] == 0


def test_nobody_there_is_a_failure_that_is_retried(server: SandboxServer) -> None:
    """A refused connection counts as a try, and an endpoint that moved gets the next one."""
    ensure = server.sandbox.ensure_webhook_endpoint
    ensure(url="http://127.0.0.1:9/nobody", description="shop")
    server.stripe.v1.customers.create(params={"name": "One"})
    wait_for(lambda: _deliveries(server) == [("pending", 1)])
    why = server.sandbox._database.row("SELECT error FROM deliveries")
    assert why == ("No connection to 127.0.0.1:9: Connection refused.",)
    ensure(url=server.receiver.url, description="shop")
    server.clock.advance(10)
    wait_for(lambda: _deliveries(server) == [("succeeded", 2)])
    assert len(server.receiver.received) == 1


def test_a_fault_of_the_sandboxs_own_is_a_failure_that_is_retried(
    server: SandboxServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged once, and the next try comes after the usual delay."""

    def break_down(_: object) -> bytes:
        raise RuntimeError("power cut")

    _ensure(server)
    with monkeypatch.context() as patch:
        patch.setattr("stripe_sandbox.webhooks.delivery.encode_payload", break_down)
        server.stripe.v1.customers.create(params={"name": "One"})
        wait_for(lambda: _deliveries(server) == [("pending", 1)])
    assert caplog.text.count("RuntimeError: power cut") == 1
    server.clock.advance(10)
    wait_for(lambda: _deliveries(server) == [("succeeded", 2)])


def test_a_slow_endpoint_times_out() -> None:
    """No answer in time is a failure."""
    with sandbox_server(None, delivery_timeout=0.1, retry_delays=(10.0,)) as server:
        released = threading.Event()

        async def wait() -> None:
            await asyncio.to_thread(released.wait, PATIENCE)

        _ensure(server)
        server.receiver.wait = wait
        server.stripe.v1.customers.create(params={"name": "One"})
        wait_for(lambda: _deliveries(server) == [("pending", 1)])
        released.set()


def test_a_restart_loses_nothing(tmp_path: Path) -> None:
    """What was not delivered when the process ended is delivered by the next one, with the same
    secret, the attempts counted on."""
    database = tmp_path / "sandbox.sqlite3"
    with sandbox_server(database, retry_delays=(0.0, 1e6)) as server:
        server.sandbox.ensure_webhook_endpoint(url="http://127.0.0.1:9/nobody", description="shop")
        session = server.create()
        outcome = server.pay(session.id)
        assert isinstance(outcome, Paid)
        wait_for(lambda: _deliveries(server) == [("pending", 2)] * 5)
    with sandbox_server(database) as server:
        secret = _ensure(server)
        assert server.stripe.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
        server.clock.advance(1e6)
        wait_for(lambda: len(server.receiver.received) == 6)  # the balance is available meanwhile
        wait_for(lambda: _deliveries(server)[:5] == [("succeeded", 3)] * 5)
        headers, body = server.receiver.received[0]
        stripe.WebhookSignature.verify_header(
            body.decode(), headers["stripe-signature"], secret, tolerance=10**10
        )


def test_checkout_waits_for_the_first_answers(server: SandboxServer) -> None:
    """`webhooks_answered` returns when the endpoint has answered, be it with a failure."""
    _ensure(server)
    server.receiver.answer = lambda: Response(status_code=500)
    outcome = server.pay(server.create().id)
    assert isinstance(outcome, Paid)
    asyncio.run(server.sandbox._deliveries.wait_for_responses(outcome.event_ids, timeout=10.0))
    assert "checkout.session.completed" in [event["type"] for event in server.receiver.events()]


def test_checkout_does_not_wait_forever(server: SandboxServer) -> None:
    """After the timeout the payer goes on, answered or not."""
    _ensure(server)
    released = threading.Event()

    async def wait() -> None:
        await asyncio.to_thread(released.wait, PATIENCE)

    server.receiver.wait = wait
    outcome = server.pay(server.create().id)
    assert isinstance(outcome, Paid)
    started = time.monotonic()
    asyncio.run(server.sandbox._deliveries.wait_for_responses(outcome.event_ids, timeout=0.05))
    assert time.monotonic() - started >= 0.05
    released.set()
    wait_for(lambda: len(server.receiver.received) == 5)


def test_no_endpoint_no_waiting(server: SandboxServer) -> None:
    """With no endpoint, the payer goes on at once."""
    outcome = server.sandbox.payments.pay(server.create().id, card(), PAYER)
    assert isinstance(outcome, Paid)
    asyncio.run(server.sandbox._deliveries.wait_for_responses(outcome.event_ids, timeout=3600.0))


def test_deliveries_at_once_are_bounded() -> None:
    """However many wait, no more than the bound are under way together, and all arrive."""
    with sandbox_server(None, delivery_concurrency=3) as server:
        _ensure(server)
        released = threading.Event()
        under_way = most = 0

        async def wait() -> None:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            await asyncio.to_thread(released.wait, PATIENCE)
            under_way -= 1

        server.receiver.wait = wait
        server.stripe.v1.customers.create(params={"name": "One"})
        wait_for(lambda: under_way == 1)
        server.pay(server.subscribe().id)
        wait_for(lambda: under_way == 3)
        released.set()
        wait_for(lambda: len(server.receiver.received) == 16)
        assert most == 3
