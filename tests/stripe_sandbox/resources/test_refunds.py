"""Refunds, whole and in parts, at once and later, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.support.stripe.sandbox_server import SandboxServer, refused
from tests.support.stripe.stripe_types import assert_fits

DAY = 86_400
TOO_MUCH = "Refund amount ($2.98) is greater than unrefunded amount on charge ($2.97)"
PENDING, FAILING, DISPUTED = "4000000000007726", "4000000000005126", "4000000000000259"


def paid(server: SandboxServer, number: str = "4242424242424242") -> stripe.PaymentIntent:
    """The PaymentIntent of a paid session of three credits ($2.97)."""
    session = server.create()
    server.pay(session.id, number)
    intent = server.stripe.v1.checkout.sessions.retrieve(session.id).payment_intent
    return server.stripe.v1.payment_intents.retrieve(str(intent))


def charge_of(server: SandboxServer, intent: stripe.PaymentIntent) -> stripe.Charge:
    return server.stripe.v1.charges.retrieve(str(intent.latest_charge), {"expand": ["refunds"]})


def refund(server: SandboxServer, intent: stripe.PaymentIntent, **params: Any) -> stripe.Refund:
    given: Any = {"payment_intent": intent.id, **params}
    return server.stripe.v1.refunds.create(given)


def types_since(server: SandboxServer, known: list[str]) -> list[str]:
    return server.event_types()[len(known) :]


def test_a_whole_refund_takes_all_that_is_left(server: SandboxServer) -> None:
    intent, before = paid(server), server.event_types()
    made = refund(server, intent, reason="requested_by_customer", metadata={"ticket": "7"})
    assert_fits(server.get(f"/v1/refunds/{made.id}"))
    assert (made.amount, made.status, made.reason) == (297, "succeeded", "requested_by_customer")
    assert (made.charge, made.payment_intent) == (intent.latest_charge, intent.id)
    assert made.to_dict()["metadata"] == {"ticket": "7"}
    charge = charge_of(server, intent)
    assert (charge.amount_refunded, charge.refunded, charge.status) == (297, True, "succeeded")
    assert types_since(server, before) == ["refund.created", "charge.refunded"]
    assert server.stripe.v1.payment_intents.retrieve(intent.id).status == "succeeded"


def test_parts_add_up_and_the_last_one_completes_it(server: SandboxServer) -> None:
    intent = paid(server)
    charge_id = str(intent.latest_charge)
    for amount, refunded in ((97, 97), (100, 197), (100, 297)):
        server.stripe.v1.refunds.create({"charge": charge_id, "amount": amount})
        charge = charge_of(server, intent)
        assert charge.amount_refunded == refunded
        assert charge.refunded is (refunded == 297)
    listed = server.stripe.v1.refunds.list({"payment_intent": intent.id}).data
    assert [one.amount for one in listed] == [100, 100, 97]
    assert charge.refunds is not None
    assert [one.id for one in charge.refunds.data] == [one.id for one in listed]


def test_a_charge_shows_its_refunds_only_when_they_are_expanded(server: SandboxServer) -> None:
    intent = paid(server)
    refund(server, intent)
    plain = server.get(f"/v1/charges/{intent.latest_charge}")
    assert "refunds" not in plain


def test_a_pending_refund_counts_once_it_has_succeeded(server: SandboxServer) -> None:
    intent, before = paid(server, PENDING), server.event_types()
    made = refund(server, intent, amount=200)
    assert made.status == "pending"
    assert charge_of(server, intent).amount_refunded == 0
    assert types_since(server, before) == ["refund.created"]
    left = refused(lambda: refund(server, intent, amount=98))
    assert left.user_message == (
        "Refund amount ($0.98) is greater than unrefunded amount on charge ($0.97)"
    )
    before = server.event_types()
    server.control("POST", "clock", {"advance_seconds": DAY})
    assert server.stripe.v1.refunds.retrieve(made.id).status == "succeeded"
    assert charge_of(server, intent).amount_refunded == 200
    assert {"refund.updated", "charge.refunded"} <= set(types_since(server, before))


def test_a_refund_that_fails_later_gives_back_what_it_took(server: SandboxServer) -> None:
    intent = paid(server, FAILING)
    made = refund(server, intent)
    assert (made.status, charge_of(server, intent).refunded) == ("succeeded", True)
    before = server.event_types()
    server.control("POST", "clock", {"advance_seconds": DAY})
    failed = server.stripe.v1.refunds.retrieve(made.id)
    assert (failed.status, failed.failure_reason) == ("failed", "expired_or_canceled_card")
    charge = charge_of(server, intent)
    assert (charge.amount_refunded, charge.refunded) == (0, False)
    failures = ["refund.failed", "refund.updated", "charge.refund.updated"]
    assert [one for one in types_since(server, before) if "refund" in one] == failures
    assert refund(server, intent).status == "succeeded"


def test_a_bank_debit_is_refunded_later(server: SandboxServer) -> None:
    session = server.create()
    server.control(
        "POST",
        f"sessions/{session.id}/pay",
        {"email": "a@example.com", "bank_account": "000123456789", "settles_in_seconds": 1},
    )
    intent_id = str(server.stripe.v1.checkout.sessions.retrieve(session.id).payment_intent)
    intent = server.stripe.v1.payment_intents.retrieve(intent_id)
    assert "does not have a successful charge" in str(refused(lambda: refund(server, intent)))
    server.control("POST", "clock", {"advance_seconds": 2})
    assert refund(server, intent).status == "pending"
    server.control("POST", "clock", {"advance_seconds": DAY})
    assert charge_of(server, intent).refunded


def test_only_the_metadata_of_a_refund_changes(server: SandboxServer) -> None:
    made, before = refund(server, paid(server)), server.event_types()
    changed = server.stripe.v1.refunds.update(made.id, {"metadata": {"seen": "yes"}})
    assert changed.to_dict()["metadata"] == {"seen": "yes"}
    assert types_since(server, before) == ["refund.updated", "charge.refund.updated"]
    answer = server.post(f"/v1/refunds/{made.id}", {"amount": 1})
    assert answer.json()["error"]["code"] == "parameter_unknown"


@pytest.mark.parametrize(
    ("params", "message", "code", "param"),
    [
        ({"amount": 298}, TOO_MUCH, None, "amount"),
        ({"amount": 0}, "This value must be greater than or equal to 1.",
         "parameter_invalid_integer", "amount"),
    ],
    ids=["more than is left", "nothing"],
)  # fmt: skip
def test_a_wrong_amount_is_refused_in_stripes_words(
    shared_server: SandboxServer, params: Any, message: str, code: str | None, param: str
) -> None:
    intent = paid(shared_server)
    error = refused(lambda: refund(shared_server, intent, **params))
    assert (error.user_message, error.code, error.http_status) == (message, code, 400)
    assert error.error is not None
    assert error.error.param == param
    assert charge_of(shared_server, intent).amount_refunded == 0


def test_what_cannot_be_refunded_is_refused_in_stripes_words(shared_server: SandboxServer) -> None:
    stripe_client, intent = shared_server.stripe.v1, paid(shared_server)
    refund(shared_server, intent)
    again = refused(lambda: refund(shared_server, intent))
    assert again.code == "charge_already_refunded"
    assert again.user_message == f"Charge {intent.latest_charge} has already been refunded."
    neither = refused(lambda: stripe_client.refunds.create({}))
    assert "payment_intent or charge" in str(neither)
    unknown = refused(lambda: stripe_client.refunds.create({"charge": "ch_none"}))
    assert (unknown.code, unknown.http_status) == ("resource_missing", 404)
    assert unknown.user_message == "No such charge: 'ch_none'"
    [done] = stripe_client.refunds.list({"payment_intent": intent.id}).data
    canceled = refused(lambda: stripe_client.refunds.cancel(done.id))
    assert canceled.user_message == "Canceling this refund is unsupported."


def test_a_disputed_charge_cannot_be_refunded(server: SandboxServer) -> None:
    intent = paid(server, DISPUTED)
    server.control("POST", "clock", {"advance_seconds": 60})
    error = refused(lambda: refund(server, intent))
    assert error.code == "charge_disputed"
    assert error.user_message == (
        f"Charge {intent.latest_charge} has been charged back; cannot issue a refund."
    )
