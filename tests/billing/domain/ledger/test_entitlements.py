"""What a customer may use, by the lines of the ledger and the subscriptions behind them."""

from __future__ import annotations

import pytest

from billing.domain.ledger.entitlements import ProAccess, credits_in, pro_access
from billing.domain.ledger.line import Cause, LedgerLine
from billing.domain.sessions.checkout_session import Kind
from billing.domain.stripe_json import JSON


def credit_line(subject: str, sequence: int, quantity: int) -> LedgerLine:
    cause = Cause.PURCHASE if sequence == 1 else Cause.REFUND
    return LedgerLine(subject, sequence, Kind.CREDITS, quantity, None, cause, "evt_1", 1.0)


def pro_line(subject: str, sequence: int, quantity: int, until: int | None) -> LedgerLine:
    return LedgerLine(subject, sequence, Kind.PRO, quantity, until, Cause.PURCHASE, "evt_1", 1.0)


def subscription(name: str, status: str, created: int = 1) -> JSON:
    return {"id": name, "status": status, "created": created}


def test_credits_are_the_sum_of_their_lines_and_pro_is_none_of_them() -> None:
    lines = [credit_line("a", 1, 10), credit_line("a", 2, -3), credit_line("b", 1, 5)]
    assert credits_in([*lines, pro_line("s", 1, 1, 100)]) == 12
    assert credits_in([]) == 0


OVER = [pro_line("old", 1, 1, 100), pro_line("old", 2, -1, None)]


@pytest.mark.parametrize(
    ("lines", "subscriptions", "expected"),
    [
        ([], [], ProAccess()),
        ([credit_line("a", 1, 10)], [], ProAccess()),
        ([pro_line("s", 1, 1, 100)], [subscription("s", "active")],
         ProAccess(active=True, until=100, status="active")),
        # The lines of one subject count in their order, however they come.
        ([pro_line("s", 2, 0, 200), pro_line("s", 1, 1, 100)], [subscription("s", "past_due")],
         ProAccess(active=True, until=200, status="past_due")),
        # Of a sale of an older release the subscription has not been read yet.
        ([pro_line("cs_test_1", 1, 1, None)], [], ProAccess(active=True)),
        # What suspends Pro leaves Stripe's word alone.
        (OVER, [subscription("old", "active")], ProAccess(status="active")),
        # One that never began has no lines.
        ([], [subscription("s", "incomplete")], ProAccess(status="incomplete")),
        # An active one counts before every other, then the one that lasts longest.
        ([*OVER, pro_line("s", 1, 1, 50)],
         [subscription("old", "unpaid", 9), subscription("s", "active")],
         ProAccess(active=True, until=50, status="active")),
        ([pro_line("s", 1, 1, 50), pro_line("t", 1, 1, 70)],
         [subscription("s", "active", 9), subscription("t", "trialing")],
         ProAccess(active=True, until=70, status="trialing")),
        # Of none that is active, the newest.
        (OVER, [subscription("old", "canceled", 5), subscription("new", "paused", 9)],
         ProAccess(status="paused")),
    ],
)  # fmt: skip
def test_pro_is_the_best_of_a_customers_subscriptions(
    lines: list[LedgerLine], subscriptions: list[JSON], expected: ProAccess
) -> None:
    assert pro_access(lines, subscriptions) == expected
    assert pro_access(lines[::-1], subscriptions[::-1]) == expected
