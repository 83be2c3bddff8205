"""What a sale gives, by the sandbox's objects alone."""

from __future__ import annotations

from typing import Any

import pytest

from billing.domain.ledger.line import Due
from pages.scenarios.truth import Sale

END, EARLIER = 2_000_000_000, 1_999_000_000
TAKEN = {"balance_transactions": [{"amount": -990}]}
GIVEN_BACK = {"balance_transactions": [{"amount": -990}, {"amount": 990}]}
INQUIRY: dict[str, Any] = {"balance_transactions": []}


def session(payment_status: str = "paid") -> dict[str, Any]:
    return {"payment_status": payment_status, "line_items": {"data": [{"quantity": 10}]}}


def charge(refunded: int, amount: int = 990) -> dict[str, Any]:
    return {"amount": amount, "amount_refunded": refunded}


def subscription(
    status: str, *, retries: bool = False, cancel_at: int | None = None
) -> dict[str, Any]:
    return {
        "status": status,
        "cancel_at": cancel_at,
        "items": {"data": [{"current_period_end": END}]},
        "latest_invoice": {"next_payment_attempt": END if retries else None},
    }


@pytest.mark.parametrize(
    ("refunded", "left"), [(0, 10), (1, 10), (98, 10), (99, 9), (100, 9), (989, 1), (990, 0)]
)
def test_what_a_refund_takes_is_rounded_down(refunded: int, left: int) -> None:
    assert Sale(session(), charge(refunded)).due == Due(left)


@pytest.mark.parametrize(
    ("dispute", "left"), [(TAKEN, 0), (GIVEN_BACK, 10), (INQUIRY, 10)], ids=["open", "won", "asked"]
)
def test_a_dispute_takes_all_while_it_has_the_money(dispute: dict[str, Any], left: int) -> None:
    assert Sale(session(), charge(0), disputes=(dispute,)).due == Due(left)


def test_what_is_not_paid_gives_nothing() -> None:
    assert Sale(session("unpaid")).due == Due(0)


@pytest.mark.parametrize(
    ("given", "due"),
    [
        (subscription("active"), Due(1, END)),
        (subscription("active", cancel_at=EARLIER), Due(1, EARLIER)),
        (subscription("past_due", retries=True), Due(1, END)),
        (subscription("past_due"), Due(0)),
        (subscription("canceled"), Due(0)),
        (subscription("unpaid"), Due(0)),
    ],
    ids=["active", "ends earlier", "grace", "given up", "canceled", "unpaid"],
)
def test_pro_lasts_while_stripe_calls_it_active_or_tries_again(
    given: dict[str, Any], due: Due
) -> None:
    assert Sale(session(), subscription=given).due == due
    assert Sale(session(), subscription=given, disputes=(TAKEN,)).due == Due(0)
