"""Money goes back: refunds and disputes of a payment for credits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.domain.ledger.line import Cause
from billing.domain.sessions.checkout_session import Kind
from pages.scenarios.catalog.scenario import COMPLETED, VISA, Scenario
from pages.scenarios.steps.checkout import create_session, pay
from pages.scenarios.steps.events import expect_event
from pages.scenarios.steps.payments import (
    accept_dispute,
    answer_dispute,
    decide_dispute,
    expect_dispute,
    fail_refund,
    refund,
)
from pages.scenarios.verdict import Expected

if TYPE_CHECKING:
    from pages.scenarios.steps.step import Step

REFUND_FAILS = "4000000000005126"
FRAUDULENT = "4000000000000259"
NOT_RECEIVED = "4000000000002685"
INQUIRY = "4000000000001976"
BOUGHT = 10

REFUNDED = "refund.created"
REFUND_FAILED = "refund.failed"
DISPUTED = "charge.dispute.created"
DISPUTE_CLOSED = "charge.dispute.closed"


def _scenario(
    name: str,
    title: str,
    about: str,
    *steps: Step,
    left: int,
    causes: tuple[Cause, ...] = (),
    card: str = VISA,
) -> Scenario:
    """Ten credits are bought; ``causes`` are those of what follows."""
    return Scenario(
        name,
        title,
        about,
        (create_session(Kind.CREDITS, BOUGHT), pay(card), expect_event(COMPLETED), *steps),
        Expected(left, (Cause.PURCHASE, *causes)),
    )


REFUNDS_AND_DISPUTES = (
    _scenario(
        "part-refund",
        "Part refund",
        "The price of 3 of 10 credits is refunded: 7 are left.",
        refund(3),
        expect_event(REFUNDED),
        left=7,
        causes=(Cause.REFUND,),
    ),
    _scenario(
        "refund-in-parts",
        "Refunds, then the rest",
        "Two part refunds and then the rest: each takes its own, none is left.",
        refund(3),
        expect_event(REFUNDED),
        refund(4),
        expect_event(REFUNDED),
        refund(),
        expect_event(REFUNDED),
        left=0,
        causes=(Cause.REFUND,) * 3,
    ),
    _scenario(
        "dispute-lost",
        "Dispute lost",
        "A dispute takes the credits while it is open, and for good when it is lost.",
        expect_dispute("fraudulent"),
        expect_event(DISPUTED),
        accept_dispute(),
        expect_event(DISPUTE_CLOSED),
        card=FRAUDULENT,
        left=0,
        causes=(Cause.DISPUTE_OPENED,),
    ),
    _scenario(
        "dispute-won",
        "Dispute won",
        "A dispute takes the credits; when it is won they come back.",
        expect_dispute("product_not_received"),
        expect_event(DISPUTED),
        answer_dispute(),
        decide_dispute(),
        expect_event(DISPUTE_CLOSED),
        card=NOT_RECEIVED,
        left=BOUGHT,
        causes=(Cause.DISPUTE_OPENED, Cause.DISPUTE_WON),
    ),
    _scenario(
        "inquiry",
        "Inquiry",
        "The bank only asks, and no money moves: the credits stay.",
        expect_dispute("inquiry"),
        expect_event(DISPUTED),
        accept_dispute(),
        expect_event(DISPUTE_CLOSED),
        card=INQUIRY,
        left=BOUGHT,
    ),
)
REFUND_THAT_FAILS = _scenario(
    "refund-fails",
    "Refund fails later",
    "The bank sends a refund back after half a day: the credits come back.",
    refund(),
    expect_event(REFUNDED),
    fail_refund(),
    expect_event(REFUND_FAILED),
    card=REFUND_FAILS,
    left=BOUGHT,
    causes=(Cause.REFUND, Cause.REFUND_FAILED),
)
