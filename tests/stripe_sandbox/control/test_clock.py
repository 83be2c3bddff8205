"""The clock that moves forward, and what falls due on the way."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import stripe

from stripe_sandbox.clock import Clock, ManualClock
from tests.support.stripe.sandbox_server import SandboxServer, sandbox_server, types
from tests.support.waiting import wait_for

DAY = 86_400
MONTH = 31 * DAY


def test_the_clock_moves_forward(server: SandboxServer) -> None:
    """By as much as asked, for everything made afterwards, and nothing happens without cause."""
    before = server.clock.now()
    answer = server.control("POST", "clock", {"advance_seconds": MONTH})
    nothing = answer.pop("happened")
    assert nothing["renewals"] == {"due": 0, "paid": 0, "failed": 0}
    assert answer == {"now": before + MONTH, "events": []}
    assert server.control("GET", "state")["clock"] == {
        "now": before + MONTH,
        "ahead_seconds": MONTH,
    }
    assert server.create().created == before + MONTH
    server.control("POST", "clock", {"advance_seconds": 0.5})
    assert server.control("GET", "state")["clock"]["ahead_seconds"] == MONTH + 0.5


@pytest.mark.parametrize("wrong", [-1, "1", 1e12, True, float("inf")])
def test_the_clock_moves_only_forward(server: SandboxServer, wrong: Any) -> None:
    """Backwards, not a number, or beyond all reason: refused."""
    body = {"advance_seconds": wrong}
    if wrong == float("inf"):
        body = {"advance_seconds": 10**400}
    refusal = server.control("POST", "clock", body, status=400)
    assert refusal["error"]["param"] == "advance_seconds"
    assert server.control("GET", "state")["clock"]["ahead_seconds"] == 0


def test_the_clock_has_a_farthest_point(server: SandboxServer) -> None:
    """Some years ahead; beyond, only a reset helps, and the refusal says so."""
    for _ in range(10):
        server.control("POST", "clock", {"advance_seconds": 400 * DAY})
    refusal = server.control("POST", "clock", {"advance_seconds": 1}, status=400)
    assert "A reset sets it back" in refusal["error"]["message"]
    assert server.control("GET", "state")["clock"]["ahead_seconds"] == 4_000 * DAY


def test_moving_the_clock_answers_what_came_of_the_renewals(server: SandboxServer) -> None:
    """How many were paid and failed and wait for a bank, beside what else fell due."""
    for card in ("4242424242424242", "5555555555554444", "4000000000000341"):
        server.paid_subscription(card)
    session = server.subscribe()
    body = {"bank_account": "000123456789", "settles_in_seconds": 1}
    server.control("POST", f"sessions/{session.id}/pay", body)
    for account in ("000123456789", "000111111116"):
        server.control("POST", f"sessions/{server.create().id}/pay", {"bank_account": account})
    server.control("POST", f"sessions/{server.create().id}/pay", {"card": "4000000000000259"})
    server.create()
    [item] = server.get("/v1/subscriptions")["data"][0]["items"]["data"]
    seconds = item["current_period_end"] - server.clock.now() + 3_600
    assert server.control("POST", "clock", {"advance_seconds": seconds})["happened"] == {
        "renewals": {"due": 4, "paid": 2, "failed": 1},
        "sessions_expired": 1,
        "debits": {"succeeded": 2, "failed": 1},
        "disputes_opened": 0,
        "disputes_closed": 1,
        "refunds": {"updated": 0, "failed": 0},
    }
    later = server.control("POST", "clock", {"advance_seconds": 60})["happened"]
    assert later["renewals"] == {"due": 0, "paid": 1, "failed": 0}


def test_a_restart_keeps_the_time(tmp_path: Path) -> None:
    """The next process goes on from where the clock was moved to; a reset is back to now."""
    database = tmp_path / "sandbox.sqlite3"
    with sandbox_server(database, Clock()) as server:
        server.control("POST", "clock", {"advance_seconds": MONTH})
    with sandbox_server(database, Clock()) as server:
        now = server.control("GET", "state")["clock"]["now"]
        assert 0 <= now - (time.time() + MONTH) + 60 <= 120
        server.control("POST", "reset")
        assert abs(server.control("GET", "state")["clock"]["now"] - time.time()) < 60


def test_another_process_follows(tmp_path: Path) -> None:
    """Processes that share the database agree on the time."""
    database = tmp_path / "sandbox.sqlite3"
    clock = ManualClock(int(time.time()))
    with sandbox_server(database, clock) as one, sandbox_server(database, clock) as other:
        other.control("GET", "state")
        one.control("POST", "clock", {"advance_seconds": MONTH})
        assert other.control("GET", "state")["clock"]["ahead_seconds"] == MONTH
        assert other.create().created == clock.now() + MONTH


def test_sessions_expire_on_the_way(server: SandboxServer) -> None:
    """Each at its own time, in order."""
    now = server.clock.now()
    late = server.create()
    soon = server.create(expires_at=now + 3600)
    events = server.advance(2 * DAY)
    assert [(event["data"]["object"]["id"], event["created"]) for event in events] == [
        (soon.id, now + 3600),
        (late.id, now + DAY),
    ]
    assert types(events) == ["checkout.session.expired"] * 2


def test_checkout_still_declines_the_card_that_only_attaches(server: SandboxServer) -> None:
    """As Stripe's does, which charges at once; and a one-time payment is declined anywhere."""
    session = server.create()
    body = {"card": "4000000000000341"}
    assert server.control("POST", f"sessions/{session.id}/pay", body)["outcome"] == "declined"


def test_the_endpoint_hears_of_it_before_the_answer(server: SandboxServer) -> None:
    """Moving the clock returns when the webhooks got their first answer, signed with the wall's
    time so that no receiver finds them too old or from the future."""
    secret = server.sandbox.ensure_webhook_endpoint(url=server.receiver.url, description="shop")
    server.paid_subscription()
    wait_for(lambda: server.control("GET", "state")["deliveries"]["waiting"] == 0)
    events = server.advance(MONTH)
    ids = {event["id"] for event in events}
    arrived = {event["id"] for event in server.receiver.events()}
    assert ids <= arrived
    for headers, body in server.receiver.received:
        stripe.Webhook.construct_event(body, headers["stripe-signature"], secret)
        sent = int(headers["stripe-signature"].split(",")[0].removeprefix("t="))
        assert sent == server.clock.now()


def test_cards_expire_with_the_sandboxs_time(server: SandboxServer) -> None:
    """A card that is good today is refused in a year."""
    year, month = server.clock.year_and_month()
    server.control("POST", "clock", {"advance_seconds": 370 * DAY})
    outcome = server.pay(server.create().id, exp_year=year, exp_month=month)
    assert getattr(outcome, "code", None) in ("invalid_expiry_year", "invalid_expiry_month")


def test_moving_the_clock_forgets_no_event(server: SandboxServer) -> None:
    """What happened early on a long way is still reported, and can be looked up."""
    server.sandbox.ensure_webhook_endpoint(url=server.receiver.url, description="shop")
    session = server.create()
    events = server.advance(200 * DAY)
    assert [event["data"]["object"]["id"] for event in events] == [session.id]
    assert [event["id"] for event in server.receiver.events()] == [events[0]["id"]]
