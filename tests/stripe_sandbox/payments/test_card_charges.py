"""How paying by card ends: paid, declined, or only after 3-D Secure."""

from __future__ import annotations

from typing import Any

import pytest

from stripe_sandbox.payment_methods.cards import TEST_CARDS, TestCard
from stripe_sandbox.payments.checkout import AuthenticationRequired, Declined, Paid
from tests.support.stripe.sandbox_server import PAYER, SandboxServer, card

_REFUSED = [one for one in TEST_CARDS if one.refusal and one.number != "4242424242424241"]


@pytest.mark.parametrize("mode", ["payment", "subscription"])
@pytest.mark.parametrize("test_card", _REFUSED, ids=lambda one: one.number)
def test_a_declined_card_leaves_the_session_open(
    shared_server: SandboxServer, test_card: TestCard, mode: str
) -> None:
    """Every declining test card gives its code, a failed charge and payment; then another card
    pays the same session through the same payment."""
    session = shared_server.create() if mode == "payment" else shared_server.subscribe()
    known = len(shared_server.get("/v1/events", type="charge.failed", limit=100)["data"])
    outcome = shared_server.pay(session.id, test_card.number)
    if isinstance(outcome, AuthenticationRequired):
        assert test_card.authentication
        outcome = shared_server.sandbox.payments.authenticate(
            session.id, outcome.payment_intent, succeed=True
        )
    refusal = test_card.refusal
    assert refusal is not None
    assert outcome == Declined(refusal.code, refusal.decline_code, refusal.message, refusal.param)
    tried = shared_server.retrieve(session.id)
    assert (tried.status, tried.payment_status) == ("open", "unpaid")
    assert (tried.payment_intent, tried.subscription, tried.customer) == (None, None, None)
    failed = shared_server.get("/v1/events", type="charge.failed", limit=100)["data"]
    assert len(failed) == known + 1
    charge = failed[0]["data"]["object"]
    assert (charge["status"], charge["failure_code"]) == ("failed", refusal.code)
    assert charge["outcome"]["type"] == ("blocked" if test_card.blocked else "issuer_declined")
    intent = shared_server.get(f"/v1/payment_intents/{charge['payment_intent']}")
    error = intent["last_payment_error"]
    assert intent["status"] == "requires_payment_method"
    assert (error["code"], error.get("decline_code")) == (refusal.code, refusal.decline_code)
    assert error["payment_method"]["card"]["last4"] == test_card.number[-4:]

    assert isinstance(shared_server.pay(session.id), Paid)
    paid = shared_server.get(f"/v1/payment_intents/{intent['id']}")
    assert (paid["status"], paid["last_payment_error"]) == ("succeeded", None)


@pytest.mark.parametrize(
    "test_card",
    [one for one in TEST_CARDS if one.refusal is None],
    ids=lambda one: one.number,
)
def test_a_good_card_pays(shared_server: SandboxServer, test_card: TestCard) -> None:
    """Every other test card pays, after 3-D Secure where it asks for it."""
    session = shared_server.create()
    outcome = shared_server.pay(session.id, test_card.number)
    if test_card.authentication:
        assert isinstance(outcome, AuthenticationRequired)
        outcome = shared_server.sandbox.payments.authenticate(
            session.id, outcome.payment_intent, succeed=True
        )
    assert isinstance(outcome, Paid)
    details = shared_server.retrieve(session.id, "payment_intent.latest_charge").payment_intent
    paid_with = details.latest_charge.payment_method_details.card
    assert (paid_with.brand, paid_with.last4) == (test_card.brand, test_card.number[-4:])
    assert (paid_with.three_d_secure is not None) is test_card.authentication


def test_a_failed_authentication_leaves_the_session_open(server: SandboxServer) -> None:
    """Failing 3-D Secure is a failed payment without a charge; the challenge is over, and the
    session can still be paid."""
    session = server.create()
    challenge = server.pay(session.id, "4000002500003155")
    assert isinstance(challenge, AuthenticationRequired)
    intent = server.stripe.v1.payment_intents.retrieve(challenge.payment_intent)
    assert intent.status == "requires_action"
    assert intent.next_action is not None
    known = server.event_types()
    authenticate = server.sandbox.payments.authenticate
    outcome = authenticate(session.id, challenge.payment_intent, succeed=False)
    assert isinstance(outcome, Declined)
    assert outcome.code == "payment_intent_authentication_failure"
    assert server.event_types_since(known) == ["payment_intent.payment_failed"]
    with pytest.raises(KeyError):
        authenticate(session.id, challenge.payment_intent, succeed=True)
    assert isinstance(server.pay(session.id), Paid)


def test_a_challenge_belongs_to_its_session(server: SandboxServer) -> None:
    """One session's challenge does not pay another, and an invented one pays nothing."""
    one, other = server.create(), server.create()
    assert isinstance(server.pay(other.id, "4000002500003155"), AuthenticationRequired)
    challenge = server.pay(one.id, "4000002500003155")
    assert isinstance(challenge, AuthenticationRequired)
    for intent in (challenge.payment_intent, "pi_invented"):
        with pytest.raises(KeyError):
            server.sandbox.payments.authenticate(other.id, intent, succeed=True)
    assert server.retrieve(other.id).status == "open"


_WRONG: list[tuple[dict[str, Any], str, str | None, str | None]] = [
    ({"number": "4242424242424241"}, "incorrect_number", None, "number"),
    ({"number": "4242"}, "incorrect_number", None, "number"),
    ({"number": "letters"}, "incorrect_number", None, "number"),
    ({"number": "4111111111111111"}, "card_declined", "test_mode_live_card", None),
    ({"exp_month": 13}, "invalid_expiry_month", None, "exp_month"),
    ({"exp_month": 0}, "invalid_expiry_month", None, "exp_month"),
    ({"exp_year": 2020}, "invalid_expiry_year", None, "exp_year"),
    ({"exp_year": 2199}, "invalid_expiry_year", None, "exp_year"),
    ({"cvc": "12"}, "invalid_cvc", None, "cvc"),
    ({"cvc": "12a"}, "invalid_cvc", None, "cvc"),
    ({"cvc": "1234"}, "invalid_cvc", None, "cvc"),
    ({"number": "378282246310005", "cvc": "123"}, "invalid_cvc", None, "cvc"),
]


@pytest.mark.parametrize(("wrong", "code", "decline_code", "param"), _WRONG)
def test_a_wrong_card_never_reaches_a_bank(
    shared_server: SandboxServer,
    wrong: dict[str, Any],
    code: str,
    decline_code: str | None,
    param: str | None,
) -> None:
    """Numbers, dates and codes that cannot be right are refused without a charge or an event."""
    session = shared_server.create()
    known = shared_server.get("/v1/events", limit=1)["data"][0]["id"]
    outcome = shared_server.sandbox.payments.pay(session.id, card(**wrong), PAYER)
    assert isinstance(outcome, Declined)
    assert (outcome.code, outcome.decline_code, outcome.param) == (code, decline_code, param)
    assert shared_server.get("/v1/events", limit=1)["data"][0]["id"] == known


def test_a_card_is_good_to_the_end_of_its_month(server: SandboxServer) -> None:
    """This month is still good, the month before is not."""
    year, month = server.clock.year_and_month()
    session = server.create()
    if month > 1:
        late = server.pay(session.id, exp_year=year, exp_month=month - 1)
        assert isinstance(late, Declined)
        assert late.code == "invalid_expiry_month"
    assert isinstance(server.pay(session.id, exp_year=year, exp_month=month), Paid)


def test_a_number_may_hold_spaces(shared_server: SandboxServer) -> None:
    """As people type it."""
    assert isinstance(shared_server.pay(shared_server.create().id, "4242 4242 4242 4242"), Paid)
