"""Money goes back: refunds and disputes of a payment for credits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.domain.ledger.line import Cause
from billing.domain.sessions.checkout_session import Kind
from pages.scenarios.catalog.scenario import COMPLETED, VISA, Scenario
from pages.scenarios.steps.checkout import pay
from pages.scenarios.steps.events import expect_webhook
from pages.scenarios.steps.payments import (
    accept_dispute,
    dispute,
    fail_refund,
    refund,
    win_dispute,
)
from pages.scenarios.verdict import Expected

if TYPE_CHECKING:
    from pages.scenarios.steps.step import Step

REFUND_FAILS = "4000000000005126"
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
        Kind.CREDITS,
        BOUGHT,
        (pay(card), expect_webhook(COMPLETED), *steps),
        Expected(left, (Cause.PURCHASE, *causes)),
    )


REFUNDS_AND_DISPUTES = (
    _scenario(
        "part-refund",
        "Part refund",
        "The price of 3 of 10 credits is refunded: 7 are left.",
        refund(3),
        expect_webhook(REFUNDED),
        left=7,
        causes=(Cause.REFUND,),
    ),
    _scenario(
        "refund-in-parts",
        "Refunds, then the rest",
        "Two part refunds and then the rest: each takes its own, none is left.",
        refund(3),
        expect_webhook(REFUNDED),
        refund(4),
        expect_webhook(REFUNDED),
        refund(),
        expect_webhook(REFUNDED),
        left=0,
        causes=(Cause.REFUND,) * 3,
    ),
    _scenario(
        "dispute-lost",
        "Dispute lost",
        "A dispute takes the credits while it is open, and for good when it is lost.",
        dispute("fraudulent"),
        expect_webhook(DISPUTED),
        accept_dispute(),
        expect_webhook(DISPUTE_CLOSED),
        left=0,
        causes=(Cause.DISPUTE_OPENED,),
    ),
    _scenario(
        "dispute-won",
        "Dispute won",
        "A dispute takes the credits; when it is won they come back.",
        dispute("product_not_received"),
        expect_webhook(DISPUTED),
        win_dispute(),
        expect_webhook(DISPUTE_CLOSED),
        left=BOUGHT,
        causes=(Cause.DISPUTE_OPENED, Cause.DISPUTE_WON),
    ),
    _scenario(
        "inquiry",
        "Inquiry",
        "The bank only asks, and no money moves: the credits stay.",
        dispute("inquiry"),
        expect_webhook(DISPUTED),
        accept_dispute(),
        expect_webhook(DISPUTE_CLOSED),
        left=BOUGHT,
    ),
)
REFUND_THAT_FAILS = _scenario(
    "refund-fails",
    "Refund fails later",
    "The bank sends a refund back after half a day: the credits come back.",
    refund(),
    expect_webhook(REFUNDED),
    fail_refund(),
    expect_webhook(REFUND_FAILED),
    card=REFUND_FAILS,
    left=BOUGHT,
    causes=(Cause.REFUND, Cause.REFUND_FAILED),
)
