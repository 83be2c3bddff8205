"""What can be done with a subscription, and what it leaves."""

from __future__ import annotations

import pytest

from billing.domain.actions.subscription import (
    SubscriptionAction,
    due_after,
    possible,
    unpaid_invoice,
)
from billing.domain.ledger.line import Due
from billing.domain.ledger.pro import Invoice, ProState, Subscription

END = 2_000
A = SubscriptionAction


def state(
    status: str = "active", cancel_at: int | None = None, *, paused: bool = False
) -> ProState:
    return ProState(Subscription("sub_1", status, 1, "cus_1", 1, END, cancel_at, paused, "in_1"))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (state(), (A.CANCEL_AT_PERIOD_END, A.PAUSE_COLLECTION, A.CANCEL_NOW)),
        (state("past_due"), (A.CANCEL_AT_PERIOD_END, A.PAUSE_COLLECTION, A.CANCEL_NOW)),
        (state(cancel_at=END), (A.KEEP, A.PAUSE_COLLECTION, A.CANCEL_NOW)),
        (state(paused=True), (A.RESUME_COLLECTION, A.CANCEL_AT_PERIOD_END, A.CANCEL_NOW)),
        (state("paused"), (A.RESUME, A.CANCEL_NOW)),
        (state("canceled"), ()),
        (state("incomplete_expired"), ()),
    ],
)
def test_the_status_says_what_is_possible(
    found: ProState, expected: tuple[SubscriptionAction, ...]
) -> None:
    assert possible(found) == expected


@pytest.mark.parametrize(
    ("found", "action", "expected"),
    [
        (state(), A.CANCEL_NOW, Due(0)),
        (state(), A.CANCEL_AT_PERIOD_END, Due(1, END)),
        (state(cancel_at=END - 500), A.KEEP, Due(1, END)),
        (state(), A.PAUSE_COLLECTION, Due(1, END)),
        (state(paused=True), A.RESUME_COLLECTION, Due(1, END)),
        (state("paused"), A.RESUME, Due(1, END)),
    ],
)
def test_what_it_gives_afterwards_is_what_the_ledger_will_say(
    found: ProState, action: SubscriptionAction, expected: Due
) -> None:
    assert due_after(found, action) == expected


def test_only_a_late_subscription_has_an_invoice_to_pay() -> None:
    invoice = Invoice("in_1", "open", END, None, frozenset())
    late = ProState(state("past_due").subscription, (invoice,))
    assert unpaid_invoice(late) == invoice
    assert unpaid_invoice(ProState(state().subscription, (invoice,))) is None
