"""Which subscriptions stand in the way of another, and what is said of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing.domain.ledger.pro import Invoice, ProState, Subscription
from billing.domain.ledger.refunds import Dispute
from billing.domain.ledger.second_pro import SecondPro, blocking, reason, second_pro

SUBSCRIPTION = Subscription(
    id="sub_1",
    status="active",
    created=1,
    customer="cus_1",
    period_start=0,
    period_end=100,
    cancel_at=None,
    collection_is_paused=False,
    latest_invoice="in_1",
)
INVOICE = Invoice("in_1", "paid", 100, None, frozenset({"pi_1"}))
LOST = Dispute("du_1", 9900, "lost", 1, "pi_1")


def state(status: str, **other: object) -> ProState:
    return ProState(replace(SUBSCRIPTION, status=status, **other))  # type: ignore[arg-type] # any field


@pytest.mark.parametrize(
    ("found", "way_out"),
    [
        (state("active"), "Change or cancel it in the customer portal."),
        (state("trialing"), "Change or cancel it in the customer portal."),
        (state("active", cancel_at=90),
         "It will be canceled: undo that to keep it, or wait until it has ended."),
        (state("past_due"), "Have its open invoice paid, or cancel it."),
        (state("unpaid"), "Have its open invoice paid, or cancel it."),
        (state("paused"), "Resume it, or cancel it."),
    ],
)  # fmt: skip
def test_one_that_gives_pro_or_can_come_back_stands_in_the_way(
    found: ProState, way_out: str
) -> None:
    assert blocking([found]) == found
    status = found.subscription.status
    said = f"cus_1 already has a subscription to the Pro plan: sub_1, {status}."
    assert reason(found) == (said, way_out)


def test_one_that_a_dispute_suspends_stands_in_the_way() -> None:
    found = ProState(SUBSCRIPTION, (INVOICE,), (LOST,))
    assert not found.due.quantity
    assert blocking([found]) == found
    assert reason(found) == (
        "cus_1 already has a subscription to the Pro plan: sub_1, suspended by the dispute du_1.",
        "Answer the dispute, or cancel the subscription.",
    )


@pytest.mark.parametrize(
    "found",
    [
        state("canceled"),
        state("incomplete"),
        state("incomplete_expired"),
        state("active", period_end=None),  # to something else
    ],
)
def test_one_that_has_ended_or_never_began_does_not(found: ProState) -> None:
    assert blocking([found]) is None


def test_of_several_the_one_that_gives_pro_is_named() -> None:
    unpaid = state("unpaid", id="sub_2", created=9)
    assert blocking([unpaid, state("active"), state("canceled", id="sub_3")]) == state("active")
    assert blocking([]) is None


def test_the_second_of_two_that_give_pro_is_the_newest_or_the_one_that_is_meant() -> None:
    one, two, three = (state("active", id=f"sub_{n}", created=n) for n in (1, 2, 3))
    ended, unpaid = state("canceled", created=0), state("unpaid", id="sub_9", created=9)
    states = [three, unpaid, one, ended, two]
    assert second_pro(states) == SecondPro(one.subscription, three.subscription)
    assert second_pro(states, "sub_2") == SecondPro(one.subscription, two.subscription)
    for other in ("sub_1", "sub_9", "sub_unknown"):
        assert second_pro(states, other) is None
    assert second_pro([one, unpaid, ended]) is None
    assert second_pro([]) is None


def test_of_two_that_began_in_one_second_either_is_the_second() -> None:
    one, two = (state("active", id=f"sub_{n}", created=1) for n in (1, 2))
    for meant, other in ((one, two), (two, one)):
        found = second_pro([one, two], meant.subscription.id)
        assert found == SecondPro(other.subscription, meant.subscription)
    assert second_pro([one, two]) == SecondPro(one.subscription, two.subscription)
