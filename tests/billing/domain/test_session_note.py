"""Why no money came, or what went back, as the row of a session says it."""

from __future__ import annotations

from typing import Any

import pytest

from billing.domain.sessions.checkout_session import CheckoutSession, Outcome
from tests.support.stripe_account import EXPIRED, PAID, session_object

OPEN = {"status": "open", "payment_status": "unpaid"}
UNPAID = {"status": "complete", "payment_status": "unpaid"}
NO_FUNDS = {"failure": "Your card was declined.", "failure_code": "insufficient_funds"}
NO_CODE = {"failure": "The bank says no.", "failure_code": None}


@pytest.mark.parametrize(
    ("state", "known", "outcome", "note"),
    [
        (OPEN, {}, Outcome.OPEN, "Nothing paid yet"),
        (OPEN, NO_FUNDS, Outcome.DECLINED, "Insufficient funds"),
        (OPEN, NO_FUNDS | {"failure_code": "unknown"}, Outcome.DECLINED, "Your card was declined."),
        (UNPAID, {}, Outcome.PROCESSING, "Payment on its way"),
        (UNPAID, NO_FUNDS | {"failure_code": "no_account"}, Outcome.FAILED, "No account"),
        (UNPAID, NO_CODE, Outcome.FAILED, "The bank says no."),
        (EXPIRED, {}, Outcome.EXPIRED, "Abandoned"),
        (EXPIRED | {"mode": "subscription"}, {}, Outcome.EXPIRED, "Never paid"),
        (EXPIRED, NO_FUNDS, Outcome.EXPIRED, "Declined: insufficient funds"),
        (PAID, {}, Outcome.PAID, ""),
        (PAID, {"amount_refunded": 297}, Outcome.PARTLY_REFUNDED, "$2.97 refunded"),
        (PAID, {"amount_refunded": 990}, Outcome.REFUNDED, "$9.90 refunded"),
        (PAID, {"amount_disputed": 990}, Outcome.DISPUTED, "$9.90 disputed"),
        (
            PAID,
            {"amount_refunded": 297, "amount_disputed": 693},
            Outcome.DISPUTED,
            "$2.97 refunded, $6.93 disputed",
        ),
    ],
)
def test_each_outcome_says_why_or_how_much(
    state: dict[str, Any], known: dict[str, Any], outcome: Outcome, note: str
) -> None:
    session = session_object(1, "credits", 10) | {"amount_total": 990, "currency": "usd"} | state
    read = CheckoutSession.from_stripe(session, **known)
    assert (read.outcome, read.note) == (outcome, note)
