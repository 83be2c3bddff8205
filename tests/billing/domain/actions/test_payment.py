"""What a refund would do, before anybody asks Stripe."""

from __future__ import annotations

import pytest

from billing.domain.actions.payment import PaymentState, RefundPreview
from billing.domain.ledger.refunds import Dispute, Refund


def payment(*refunds: tuple[int, str], dispute: str = "") -> PaymentState:
    """Ten credits for $9.90."""
    return PaymentState(
        "pi_1",
        990,
        "usd",
        bought=10,
        refunds=tuple(
            Refund(f"re_{at}", amount, status, at) for at, (amount, status) in enumerate(refunds)
        ),
        disputes=(Dispute("du_1", 990, dispute, 1, "pi_1"),) if dispute else (),
    )


@pytest.mark.parametrize(
    ("before", "amount", "expected"),
    [
        ((), 297, RefundPreview(297, 693, 3, 7)),
        ((), 296, RefundPreview(296, 694, 2, 8)),
        ((), 98, RefundPreview(98, 892, 0, 10)),
        (((98, "succeeded"),), 1, RefundPreview(1, 891, 1, 9)),
        (((297, "succeeded"),), 693, RefundPreview(693, 0, 7, 0)),
        (((297, "pending"),), 693, RefundPreview(693, 0, 7, 0)),
        (((297, "failed"), (99, "canceled")), 990, RefundPreview(990, 0, 10, 0)),
    ],
)
def test_a_preview_takes_back_what_the_ledger_will(
    before: tuple[tuple[int, str], ...], amount: int, expected: RefundPreview
) -> None:
    assert payment(*before).preview(amount) == expected


@pytest.mark.parametrize("refunded", [0, 1, 98, 99, 500, 988])
@pytest.mark.parametrize("bought", [1, 3, 7, 10, 989])
def test_the_amount_for_credits_takes_back_so_many_and_one_cent_less_does_not(
    bought: int, refunded: int
) -> None:
    before = (Refund("re_1", refunded, "succeeded", 1),)
    found = PaymentState("pi_1", 990, "usd", bought, refunds=before)
    for quantity in range(1, min(found.credits, 12) + 1):
        amount = found.amount_for(quantity)
        assert 1 <= amount <= found.left
        assert found.preview(amount).credits_taken == quantity
        assert found.preview(amount - 1).credits_taken < quantity


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (payment(), None),
        (payment(dispute="warning_needs_response"), None),
        (payment(dispute="won"), None),
        (payment(dispute="needs_response"), "the bank holds the money"),
        (payment(dispute="lost"), "was lost"),
        (payment((990, "succeeded")), "nothing is left"),
        (payment((990, "pending")), "nothing is left"),
    ],
)
def test_a_refund_that_stripe_would_refuse_is_refused_with_the_reason(
    found: PaymentState, reason: str | None
) -> None:
    assert reason in found.refusal if reason and found.refusal else found.refusal is reason
