"""What a payment for credits gives, whatever became of it, and the lines that say so."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.domain.ledger.credits import (
    Payment,
    bought,
    credits_due,
    payment_due,
    payment_lines,
)
from billing.domain.ledger.line import Cause, LedgerLine, total
from billing.domain.ledger.refunds import Dispute, Refund

PAYMENT = Payment("cs_test_1", bought=10, paid=990, payment_intent="pi_1", customer="cus_1")


def refund(number: int, amount: int, status: str = "succeeded") -> Refund:
    return Refund(f"re_{number}", amount, status, number)


def dispute(number: int, status: str) -> Dispute:
    return Dispute(f"du_{number}", 990, status, number, "pi_1")


@pytest.mark.parametrize(
    ("refunded", "left"),
    [
        (0, 10),
        (98, 10),  # not a whole credit's price
        (99, 9),
        (3 * 99, 7),
        (3 * 99 + 98, 7),
        (989, 1),
        (990, 0),
        (5_000, 0),  # never below zero
        (-5, 10),  # never above what was bought
    ],
)
def test_what_a_refund_takes_is_rounded_down(refunded: int, left: int) -> None:
    assert credits_due(10, 990, refunded, held=False) == left
    assert credits_due(10, 990, refunded, held=True) == 0


def test_a_free_payment_gives_what_was_bought() -> None:
    assert credits_due(10, 0, 0, held=False) == 10


@pytest.mark.parametrize(
    ("status", "left"),
    [
        ("warning_needs_response", 10),
        ("warning_under_review", 10),
        ("warning_closed", 10),
        ("prevented", 10),
        ("won", 10),
        ("needs_response", 0),
        ("under_review", 0),
        ("appeal_needs_response", 0),
        ("appeal_under_review", 0),
        ("lost", 0),
    ],
)
def test_a_dispute_that_holds_the_money_leaves_nothing(status: str, left: int) -> None:
    disputed = replace(PAYMENT, disputes=(dispute(1, status),))
    assert payment_due(disputed).quantity == left


@pytest.mark.parametrize("status", ["pending", "requires_action", "failed", "canceled"])
def test_a_refund_takes_only_once_it_has_succeeded(status: str) -> None:
    refunded = replace(PAYMENT, refunds=(refund(1, 297, status), refund(2, 99)))
    assert payment_due(refunded).quantity == 9


def add(lines: list[LedgerLine], payment: Payment) -> list[LedgerLine]:
    return [*lines, *payment_lines(lines, payment, "evt_1", 1.0)]


def test_each_change_is_one_line_with_its_cause_and_what_is_behind_it() -> None:
    lines = add([], PAYMENT)
    lines = add(lines, replace(PAYMENT, refunds=(refund(1, 297),)))
    both = replace(PAYMENT, refunds=(refund(1, 297), refund(2, 99)))
    lines = add(lines, both)
    lines = add(lines, replace(both, refunds=(refund(1, 297, "failed"), refund(2, 99))))
    held = replace(PAYMENT, refunds=(refund(2, 99),), disputes=(dispute(1, "needs_response"),))
    lines = add(lines, held)
    lines = add(lines, replace(held, disputes=(dispute(1, "lost"),)))
    lines = add(lines, replace(held, disputes=(dispute(1, "won"),)))
    told = [(one.cause, one.quantity, one.refund, one.dispute) for one in lines]
    assert told == [
        (Cause.PURCHASE, 10, None, None),
        (Cause.REFUND, -3, "re_1", None),
        (Cause.REFUND, -1, "re_2", None),
        (Cause.REFUND_FAILED, 3, "re_1", None),
        (Cause.DISPUTE_OPENED, -9, None, "du_1"),
        (Cause.DISPUTE_WON, 9, None, "du_1"),
    ]
    assert [one.sequence for one in lines] == [1, 2, 3, 4, 5, 6]


def test_what_was_refunded_before_it_was_heard_of_is_a_purchase_and_a_refund() -> None:
    lines = add([], replace(PAYMENT, refunds=(refund(1, 990),)))
    assert [(one.cause, one.quantity) for one in lines] == [
        (Cause.PURCHASE, 10),
        (Cause.REFUND, -10),
    ]


def test_a_payment_for_nothing_of_ours_has_no_line() -> None:
    assert add([], replace(PAYMENT, bought=0)) == []


def test_what_reconciliation_corrects_counts_as_bought() -> None:
    lines = add([], PAYMENT)
    corrected = [*lines, replace(lines[0], sequence=2, quantity=-4, cause=Cause.RECONCILED)]
    assert bought(corrected) == 6
    again = add(corrected, replace(PAYMENT, bought=bought(corrected)))
    assert again == corrected


statuses = st.sampled_from(["pending", "requires_action", "succeeded", "failed", "canceled"])
dispute_statuses = st.sampled_from(
    ["warning_needs_response", "warning_closed", "needs_response", "under_review", "won", "lost"]
)
states = st.builds(
    lambda refunds, disputes: replace(PAYMENT, refunds=tuple(refunds), disputes=tuple(disputes)),
    st.lists(
        st.builds(refund, st.integers(1, 9), st.integers(0, 990), statuses),
        max_size=4,
        unique_by=lambda one: one.id,
    ),
    st.lists(
        st.builds(dispute, st.integers(1, 3), dispute_statuses),
        max_size=2,
        unique_by=lambda one: one.id,
    ),
)


@given(st.lists(states, max_size=8), states)
def test_any_readings_in_any_order_end_in_what_the_last_look_says(
    seen: list[Payment], last: Payment
) -> None:
    lines: list[LedgerLine] = []
    for reading in [*seen, last, last]:
        before = len(lines)
        lines = add(lines, reading)
        assert 0 <= total(lines).quantity <= 10
        assert len(lines) - before <= 2
    assert total(lines) == payment_due(last)
    assert [one.sequence for one in lines] == list(range(1, len(lines) + 1))
    assert all(one.quantity for one in lines)
    assert [one.cause for one in lines].count(Cause.PURCHASE) == 1


@given(st.integers(1, 10_000), st.integers(1, 10_000), st.lists(st.integers(0, 10_000)))
def test_several_refunds_take_what_their_sum_takes(
    quantity: int, price: int, amounts: list[int]
) -> None:
    paid, refunded = quantity * price, 0
    for amount in amounts:
        refunded = min(refunded + amount, paid)
        left = credits_due(quantity, paid, refunded, held=False)
        assert left == quantity - refunded // price
