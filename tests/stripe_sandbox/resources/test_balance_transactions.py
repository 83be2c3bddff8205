"""Balance transactions of charges, refunds and disputes, and the receipt of a charge
(https://docs.stripe.com/api/balance_transactions)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
import requests

from stripe_sandbox.resources.payments.balance_transactions import business_days_after
from tests.support.stripe.sandbox_server import SandboxServer
from tests.support.stripe.stripe_types import assert_fits


def _paid(server: SandboxServer, card: str = "4242424242424242", **params: Any) -> dict[str, Any]:
    """The charge of a session that was paid."""
    session = server.create(**params)
    server.pay(session.id, card)
    intent = str(server.retrieve(session.id).payment_intent)
    found: dict[str, Any] = server.get("/v1/charges", payment_intent=intent)["data"][0]
    return found


def _moved(server: SandboxServer, source: str) -> dict[str, Any]:
    """The one balance transaction of an object."""
    (found,) = server.get("/v1/balance_transactions", source=source)["data"]
    assert_fits(found)
    assert found["net"] == found["amount"] - found["fee"]
    return dict(found)


def test_a_charge_moves_the_balance_less_a_fee(shared_server: SandboxServer) -> None:
    """2.9 % and 30 cents; an expanded charge shows it, and its list finds it."""
    charge = _paid(shared_server)
    moved = _moved(shared_server, charge["id"])
    assert (moved["type"], moved["amount"], moved["fee"]) == ("charge", 297, 39)
    expand = {"expand[0]": "balance_transaction"}
    assert (
        shared_server.get(f"/v1/charges/{charge['id']}", **expand)["balance_transaction"] == moved
    )
    listed = shared_server.get("/v1/balance_transactions", type="charge", limit=1)
    assert listed["data"][0]["type"] == "charge"


def test_an_asynchronous_capture_tells_of_it_by_an_event(shared_server: SandboxServer) -> None:
    """`charge.succeeded` has none yet, `charge.updated` brings it; a capture at once has it."""
    charge = _paid(shared_server)
    events = shared_server.get("/v1/events", limit=20)["data"]
    held = {
        event["type"]: event["data"]
        for event in events
        if event["data"]["object"]["id"] == charge["id"]
    }
    assert held["charge.succeeded"]["object"]["balance_transaction"] is None
    updated = held["charge.updated"]
    assert updated["object"]["balance_transaction"] == charge["balance_transaction"]
    assert updated["previous_attributes"] == {"balance_transaction": None}
    at_once = _paid(shared_server, payment_intent_data={"capture_method": "automatic"})
    newest = [one["data"]["object"] for one in shared_server.get("/v1/events", limit=9)["data"]]
    of_charge = [one for one in newest if one["id"] == at_once["id"]]
    assert [one["balance_transaction"] for one in of_charge] == [at_once["balance_transaction"]]


def test_a_refund_takes_it_and_a_failed_one_brings_it_back(server: SandboxServer) -> None:
    """Without a fee each; a refund that is pending takes nothing yet."""
    charge = _paid(server, "4000000000005126")
    refund = server.stripe.v1.refunds.create(params={"charge": charge["id"], "amount": 100})
    assert _moved(server, refund.id)["amount"] == -100
    server.advance(86_400)
    failed = server.get(f"/v1/refunds/{refund.id}")
    back = server.get(f"/v1/balance_transactions/{failed['failure_balance_transaction']}")
    assert (back["type"], back["amount"], back["fee"]) == ("refund_failure", 100, 0)
    pending = _paid(server, "4000000000007726")
    refund = server.stripe.v1.refunds.create(params={"charge": pending["id"]})
    assert refund.balance_transaction is None
    server.advance(86_400)
    assert _moved(server, refund.id)["amount"] == -297


def test_a_dispute_s_can_be_read_by_themselves(shared_server: SandboxServer) -> None:
    """What a dispute holds is found by its id, too."""
    charge = _paid(shared_server, "4000000000000259")
    (dispute,) = shared_server.get("/v1/disputes", charge=charge["id"])["data"]
    (held,) = dispute["balance_transactions"]
    assert shared_server.get(f"/v1/balance_transactions/{held['id']}") == held
    assert _moved(shared_server, dispute["id"]) == held


def _balance(server: SandboxServer) -> tuple[int, int]:
    """What is available and what is pending, in US cents."""
    found = server.get("/v1/balance")
    assert_fits(found)
    [available], [pending] = found["available"], found["pending"]
    assert available["source_types"] == {"card": available["amount"]}
    return available["amount"], pending["amount"]


def test_what_is_paid_is_available_after_two_business_days(server: SandboxServer) -> None:
    """At the beginning of a day; the balance moves with it, and an event tells."""
    assert _balance(server) == (0, 0)
    charges = [_paid(server), _paid(server)]
    moved = [_moved(server, charge["id"]) for charge in charges]
    assert [one["status"] for one in moved] == ["pending", "pending"]
    available_on = moved[0]["available_on"]
    assert available_on == business_days_after(moved[0]["created"], 2)
    assert _balance(server) == (0, 516)
    server.stripe.v1.refunds.create(params={"charge": charges[0]["id"], "amount": 100})
    assert _balance(server) == (-100, 516)
    server.advance(available_on - server.sandbox.clock.now() + 1)
    assert _balance(server) == (416, 0)
    assert _moved(server, charges[1]["id"])["status"] == "available"
    [event] = server.get("/v1/events", type="balance.available")["data"]
    assert_fits(event)
    assert event["data"]["object"] == server.get("/v1/balance")
    thin = server.get(f"/v2/core/events/evt_test_{event['id'].removeprefix('evt_')}")
    assert thin["related_object"] == {"type": "balance", "url": "/v1/balance"}


def test_a_card_pays_into_the_available_balance(server: SandboxServer) -> None:
    """By Stripe's number for that; a dispute and its fee go from there, too."""
    assert _moved(server, _paid(server, "4000000000000077")["id"])["status"] == "available"
    assert _balance(server) == (258, 0)
    _paid(server, "4000000000000259")
    assert _balance(server) == (258 - 297 - 1_500, 258)


@pytest.mark.parametrize(
    ("day", "available"),
    [("2026-11-23", "2026-11-25"), ("2026-11-26", "2026-11-30"), ("2026-11-28", "2026-12-01")],
)
def test_no_weekend_is_business(day: str, available: str) -> None:
    noon = datetime.fromisoformat(f"{day}T12:00:00+00:00").timestamp()
    expected = datetime.fromisoformat(f"{available}T00:00:00+00:00").timestamp()
    assert business_days_after(int(noon), 2) == expected


def test_a_receipt_opens(shared_server: SandboxServer) -> None:
    """It says what was paid, how, and what was refunded; one of nothing paid is not found."""
    charge = _paid(shared_server)
    shared_server.stripe.v1.refunds.create(params={"charge": charge["id"], "amount": 97})
    page = requests.get(charge["receipt_url"], timeout=9)
    assert page.status_code == 200
    for text in ("$2.97", "Visa ending in 4242", "-$0.97", "$2.00"):
        assert text in page.text.replace("\N{MINUS SIGN}", "-")
    assert requests.get(f"{charge['receipt_url']}x", timeout=9).status_code == 404
    session = shared_server.create()
    shared_server.pay(session.id, "4000000000009995")
    (failed,) = shared_server.get("/v1/charges", limit=1)["data"]
    assert (failed["status"], failed["receipt_url"], failed["balance_transaction"]) == (
        "failed",
        None,
        None,
    )
