"""Disputes: opened with the payment, answered, won and lost; inquiries, which take no money."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.support.stripe.sandbox_server import SandboxServer, refused
from tests.support.stripe.stripe_types import assert_fits

DAY = 86_400
FRAUDULENT, NOT_RECEIVED, INQUIRY = "4000000000000259", "4000000000002685", "4000000000001976"


def disputed(server: SandboxServer, number: str = FRAUDULENT) -> stripe.Dispute:
    """The dispute of a session's payment of three credits ($2.97)."""
    session = server.create()
    server.pay(session.id, number)
    intent = str(server.stripe.v1.checkout.sessions.retrieve(session.id).payment_intent)
    [found] = server.stripe.v1.disputes.list({"payment_intent": intent}).data
    return found


def answered(server: SandboxServer, dispute: stripe.Dispute, text: str) -> stripe.Dispute:
    """The dispute once this evidence is decided."""
    server.stripe.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": text}})
    server.control("POST", "clock", {"advance_seconds": 10})
    return server.stripe.v1.disputes.retrieve(dispute.id)


def types_since(server: SandboxServer, known: list[str]) -> list[str]:
    return server.event_types()[len(known) :]


@pytest.mark.parametrize(
    ("number", "reason", "network_code"),
    [(FRAUDULENT, "fraudulent", "10.4"), (NOT_RECEIVED, "product_not_received", "13.1")],
)
def test_a_dispute_opens_with_the_payment_and_takes_the_money(
    server: SandboxServer, number: str, reason: str, network_code: str
) -> None:
    dispute = disputed(server, number)
    assert_fits(server.get(f"/v1/disputes/{dispute.id}"))
    assert (dispute.amount, dispute.reason, dispute.status) == (297, reason, "needs_response")
    assert dispute.network_reason_code == network_code
    [taken] = dispute.balance_transactions
    assert (taken.amount, taken.fee, taken.net) == (-297, 1500, -1797)
    charge = server.stripe.v1.charges.retrieve(str(dispute.charge))
    assert (charge.disputed, charge.status, charge.amount_refunded) == (True, "succeeded", 0)
    order = [one for one in server.event_types() if one.startswith(("charge.", "payment_intent.s"))]
    assert order == [
        *("charge.succeeded", "charge.updated", "charge.dispute.created"),
        *("charge.dispute.funds_withdrawn", "payment_intent.succeeded"),
    ]


def test_winning_evidence_brings_the_money_back(server: SandboxServer) -> None:
    dispute, before = disputed(server), server.event_types()
    won = answered(server, dispute, "winning_evidence")
    assert (won.status, won.is_charge_refundable) == ("won", True)
    assert [one.amount for one in won.balance_transactions] == [-297, 297]
    assert types_since(server, before) == [
        *("charge.dispute.updated", "charge.updated"),
        *("charge.dispute.funds_reinstated", "charge.dispute.closed"),
    ]
    refund = server.stripe.v1.refunds.create({"charge": str(dispute.charge)})
    assert refund.status == "succeeded"


def test_losing_evidence_and_silence_lose(server: SandboxServer) -> None:
    lost = answered(server, disputed(server), "losing_evidence")
    assert (lost.status, lost.is_charge_refundable) == ("lost", False)
    silent, before = disputed(server), server.event_types()
    server.control("POST", "clock", {"advance_seconds": 10 * DAY})
    assert server.stripe.v1.disputes.retrieve(silent.id).status == "lost"
    assert types_since(server, before) == ["charge.dispute.closed"]


def test_any_other_evidence_is_decided_within_a_day(server: SandboxServer) -> None:
    waiting = answered(server, disputed(server), "They have used it ever since.")
    assert waiting.status == "under_review"
    server.control("POST", "clock", {"advance_seconds": DAY})
    assert server.stripe.v1.disputes.retrieve(waiting.id).status == "lost"


def test_evidence_can_be_staged_before_it_is_submitted(server: SandboxServer) -> None:
    dispute = disputed(server)
    update = server.stripe.v1.disputes.update
    staged = update(
        dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}, "submit": False}
    )
    assert (staged.status, staged.evidence_details.has_evidence) == ("needs_response", True)
    sent = update(dispute.id, {"submit": True})
    assert (sent.status, sent.evidence_details.submission_count) == ("under_review", 1)
    server.control("POST", "clock", {"advance_seconds": 10})
    assert server.stripe.v1.disputes.retrieve(dispute.id).status == "won"


def test_to_close_a_dispute_is_to_lose_it(server: SandboxServer) -> None:
    dispute, before = disputed(server), server.event_types()
    assert server.stripe.v1.disputes.close(dispute.id).status == "lost"
    assert types_since(server, before) == ["charge.dispute.closed", "charge.updated"]
    for again in (
        lambda: server.stripe.v1.disputes.close(dispute.id),
        lambda: server.stripe.v1.disputes.update(dispute.id, {"metadata": {"a": "b"}}),
    ):
        assert refused(again).user_message == "This dispute is already closed"


def test_an_inquiry_takes_no_money_and_ends_as_closed(server: SandboxServer) -> None:
    asked = disputed(server, INQUIRY)
    assert asked.payment_method_details is not None
    assert asked.payment_method_details.card is not None
    assert asked.payment_method_details.card.case_type == "inquiry"
    assert (asked.status, asked.balance_transactions) == ("warning_needs_response", [])
    assert "charge.dispute.funds_withdrawn" not in server.event_types()
    assert answered(server, asked, "winning_evidence").status == "warning_closed"
    closed = server.stripe.v1.disputes.close(disputed(server, INQUIRY).id)
    assert closed.status == "warning_closed"


def test_a_whole_refund_ends_an_inquiry_and_a_part_does_not(server: SandboxServer) -> None:
    asked = disputed(server, INQUIRY)

    def status() -> str:
        return server.stripe.v1.disputes.retrieve(asked.id).status

    server.stripe.v1.refunds.create({"charge": str(asked.charge), "amount": 97})
    assert status() == "warning_needs_response"
    server.stripe.v1.refunds.create({"charge": str(asked.charge)})
    assert status() == "warning_closed"


def test_an_inquiry_can_become_a_dispute(server: SandboxServer) -> None:
    asked, before = disputed(server, INQUIRY), server.event_types()
    escalated = answered(server, asked, "escalate_inquiry_evidence")
    assert (escalated.status, escalated.is_charge_refundable) == ("needs_response", False)
    assert "charge.dispute.funds_withdrawn" in types_since(server, before)
    assert answered(server, escalated, "winning_evidence").status == "won"


def test_a_text_of_evidence_may_be_long_and_not_longer(shared_server: SandboxServer) -> None:
    dispute = disputed(shared_server)

    def stage(length: int) -> Any:
        evidence: Any = {"uncategorized_text": "x" * length}
        return shared_server.stripe.v1.disputes.update(
            dispute.id, {"evidence": evidence, "submit": False}
        )

    assert len(str(stage(20_000).evidence.uncategorized_text)) == 20_000
    assert "must be at most 20000 characters" in str(refused(lambda: stage(20_001)))


def test_an_unknown_dispute_is_missing(shared_server: SandboxServer) -> None:
    error = refused(lambda: shared_server.stripe.v1.disputes.retrieve("du_none"))
    assert (error.http_status, error.user_message) == (404, "No such dispute: 'du_none'")
