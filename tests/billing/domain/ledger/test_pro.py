"""What a subscription gives in each of Stripe's states, and the lines that say so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.domain.ledger.line import Cause, Due, LedgerLine, total
from billing.domain.ledger.pro import Invoice, ProState, Subscription, best, pro_lines
from billing.domain.ledger.refunds import Dispute
from billing.domain.sessions.line_item import SoldPrice

MONTH = 30 * 86_400
START, END = 1_000_000, 1_000_000 + MONTH
PRO = SoldPrice("price_pro", recurring=True, product_id="prod_pro")
ACTIVE = Subscription("sub_1", "active", START, "cus_1", START, END, None, False, "in_1")
INVOICE = Invoice("in_1", "paid", END, None, frozenset(("pi_1",)))
GONE = Due(0)


def state(**changes: Any) -> ProState:
    return ProState(replace(ACTIVE, **changes), (INVOICE,))


@pytest.mark.parametrize(
    ("status", "active"),
    [
        ("active", True),
        ("trialing", True),
        ("past_due", False),  # without a next attempt
        ("unpaid", False),
        ("paused", False),
        ("canceled", False),
        ("incomplete", False),
        ("incomplete_expired", False),
        ("a status of the future", False),
    ],
)
def test_access_goes_by_stripes_status(status: str, active: bool) -> None:
    assert state(status=status).due == (Due(1, END) if active else GONE)


def test_while_stripe_tries_again_there_is_grace() -> None:
    tried = replace(INVOICE, status="open", next_attempt=END + 5)
    in_grace = ProState(replace(ACTIVE, status="past_due"), (tried,))
    assert in_grace.in_grace
    assert in_grace.due == Due(1, END)
    given_up = replace(in_grace, invoices=(replace(tried, next_attempt=None),))
    assert not given_up.in_grace
    assert given_up.due == GONE


def test_the_end_is_the_periods_or_where_it_is_canceled_before() -> None:
    assert state(cancel_at=END - 5).due == Due(1, END - 5)
    assert state(cancel_at=END + 5).due == Due(1, END)


def test_paused_collection_changes_nothing() -> None:
    assert state(collection_is_paused=True).due == Due(1, END)


def test_a_subscription_whose_item_was_moved_to_another_product_gives_nothing() -> None:
    assert state(period_end=None).due == GONE


@pytest.mark.parametrize(
    ("status", "active"),
    [("needs_response", False), ("lost", False), ("won", True), ("warning_closed", True)],
)
def test_a_dispute_of_the_current_period_suspends_it(status: str, active: bool) -> None:
    disputed = replace(state(), disputes=(Dispute("du_1", 1, status, 1, "pi_1"),))
    assert disputed.due == (Due(1, END) if active else GONE)
    next_period = replace(
        disputed, subscription=replace(ACTIVE, period_end=END + MONTH, period_start=END)
    )
    assert next_period.due == Due(1, END + MONTH)


def test_periods_are_read_from_the_item_and_of_older_versions_from_the_subscription() -> None:
    item = {"price": {"id": "price_pro"}, "current_period_end": END, "current_period_start": START}
    new = {"id": "sub_1", "status": "active", "items": {"data": [item]}}
    old = {
        "id": "sub_1",
        "status": "active",
        "current_period_end": END,
        "current_period_start": START,
        "items": {"data": [{"price": {"id": "price_pro"}}]},
    }
    for data in (new, old):
        read = Subscription.from_stripe(data, PRO)
        assert (read.period_start, read.until) == (START, END)
    other = {"price": {"id": "price_of_another", "product": "prod_other"}, "current_period_end": 5}
    assert Subscription.from_stripe(new | {"items": {"data": [other]}}, PRO).until is None


def add(lines: list[LedgerLine], reading: ProState) -> list[LedgerLine]:
    return [*lines, *pro_lines(lines, reading, "evt_1", 1.0)]


def causes(*readings: ProState) -> list[Cause]:
    lines: list[LedgerLine] = []
    for reading in readings:
        lines = add(lines, reading)
    return [line.cause for line in lines[1:]]


def test_each_change_has_its_cause() -> None:
    bought, renewed = state(), state(period_end=END + MONTH, period_start=END)
    canceled, unpaid = state(status="canceled"), state(status="unpaid")
    assert causes(bought, renewed) == [Cause.RENEWAL]
    assert causes(bought, canceled) == [Cause.CANCELED]
    assert causes(bought, state(cancel_at=END - 5), bought) == [Cause.CANCELED, Cause.RESUMED]
    assert causes(bought, unpaid, renewed) == [Cause.PAYMENT_FAILED, Cause.RENEWAL]
    assert causes(bought, state(status="paused"), bought) == [Cause.PAUSED, Cause.RESUMED]
    assert causes(bought, state(period_end=None)) == [Cause.CANCELED]
    held = replace(bought, disputes=(Dispute("du_1", 1, "needs_response", 1, "pi_1"),))
    won = replace(bought, disputes=(Dispute("du_1", 1, "won", 1, "pi_1"),))
    assert causes(bought, held, won) == [Cause.DISPUTE_OPENED, Cause.DISPUTE_WON]
    assert causes(bought, held, renewed) == [Cause.DISPUTE_OPENED, Cause.RENEWAL]
    lost = replace(bought, disputes=(Dispute("du_1", 1, "lost", 1, "pi_1"),))
    assert causes(bought, lost) == [Cause.DISPUTE_LOST]


def test_a_purchase_that_did_not_say_until_when_is_reconciled() -> None:
    (before,) = add([], state())
    older = [replace(before, access_until=None)]
    assert [line.cause for line in add(older, state())[1:]] == [Cause.RECONCILED]


def test_one_that_never_began_or_is_not_ours_has_no_line() -> None:
    for never in ("incomplete", "incomplete_expired"):
        assert add([], state(status=never)) == []
    assert add([], state(period_end=None)) == []


def test_a_debit_that_is_under_way_or_has_failed_gives_nothing_until_something_is_paid() -> None:
    unpaid = replace(INVOICE, status="open")
    for status in ("active", "past_due"):
        waiting = ProState(replace(ACTIVE, status=status), (unpaid,))
        assert add([], waiting) == []
    assert len(add([], ProState(ACTIVE, (unpaid, replace(INVOICE, id="in_2"))))) == 1
    assert len(add([], ProState(replace(ACTIVE, status="trialing")))) == 1
    paid_session = pro_lines([], ProState(ACTIVE), "evt_1", 1.0, "cs_test_1", paid=True)
    assert [line.quantity for line in paid_session] == [1]


def test_one_that_ended_before_it_was_heard_of_is_a_purchase_and_its_end() -> None:
    lines = add([], state(status="canceled"))
    assert [(one.cause, one.quantity) for one in lines] == [
        (Cause.PURCHASE, 1),
        (Cause.CANCELED, -1),
    ]


def test_of_several_subscriptions_the_one_that_lasts_longest_counts() -> None:
    longer = ProState(replace(ACTIVE, id="sub_2", period_end=END + MONTH))
    newer = ProState(replace(ACTIVE, id="sub_3", status="canceled", created=END))
    assert best([state(), longer, newer]) == longer
    assert best([newer, state(status="unpaid")]) == newer
    assert best([]) is None


readings = st.builds(
    lambda status, period, cancel, attempt, dispute: ProState(
        replace(
            ACTIVE,
            status=status,
            period_end=END + period * MONTH,
            cancel_at=END + cancel * MONTH // 2 if cancel is not None else None,
        ),
        (replace(INVOICE, period_end=END + period * MONTH, next_attempt=attempt),),
        (Dispute("du_1", 1, dispute, 1, "pi_1"),) if dispute else (),
    ),
    st.sampled_from(["active", "trialing", "past_due", "unpaid", "paused", "canceled"]),
    st.integers(0, 2),
    st.none() | st.integers(-1, 3),
    st.none() | st.just(END),
    st.sampled_from([None, "needs_response", "won", "lost", "warning_closed"]),
)


@given(st.lists(readings, max_size=8), readings)
def test_any_readings_in_any_order_end_in_what_the_last_look_says(
    seen: list[ProState], last: ProState
) -> None:
    lines: list[LedgerLine] = []
    for reading in [*seen, last, last]:
        before = len(lines)
        lines = add(lines, reading)
        assert total(lines).quantity in (0, 1)
        assert len(lines) - before <= 2
    assert total(lines) == last.due
    assert [line.sequence for line in lines] == list(range(1, len(lines) + 1))
    assert len(add(lines, last)) == len(lines)
