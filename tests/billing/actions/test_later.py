"""What becomes of an action later, as Stripe's events tell it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from billing.domain.actions.payment import RefundReason
from billing.domain.ledger.line import Cause, Due
from billing.domain.sessions.checkout_session import Kind
from tests.support.servers.shop import ConnectedShop, connected_shop
from tests.support.servers.sold import (
    FAILING_REFUND_CARD,
    due_of,
    ledger_of,
    payment_of,
    sell,
)
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY = 86_400


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConnectedShop]:
    with connected_shop(tmp_path_factory.mktemp("shop")) as opened:
        yield opened


def test_a_refund_that_fails_later_gives_the_credits_back(shop: ConnectedShop) -> None:
    session_id = sell(shop, quantity=10, card=FAILING_REFUND_CARD)
    payment = payment_of(shop, session_id)
    refund = partial(
        shop.services.actions.refund, payment, reason=RefundReason.DUPLICATE, idempotency_key="once"
    )
    shop.server.portal.call(refund)
    assert due_of(shop, session_id) == Due(0)
    shop.controls.advance(DAY)
    wait_for(lambda: due_of(shop, session_id) == Due(10), "the credits")
    assert ledger_of(shop, session_id)[-1].cause is Cause.REFUND_FAILED
    assert payment_of(shop, session_id).left == payment.amount


@pytest.mark.parametrize("kind", Kind)
def test_a_dispute_is_lost_or_won_as_asked(shop: ConnectedShop, kind: Kind) -> None:
    call, actions = shop.server.portal.call, shop.services.actions
    for wins in (False, True):
        session_id = sell(shop, kind)
        payment = payment_of(shop, session_id)
        subject = payment.subscription or session_id
        before = due_of(shop, subject)
        shop.controls.dispute(call(actions.charge_of, payment.payment_intent), "fraudulent")
        call(actions.refresh, call(actions.of_session, session_id))
        assert due_of(shop, subject) == Due(0)
        dispute = payment_of(shop, session_id).dispute
        assert dispute
        answer = actions.win_dispute if wins else actions.lose_dispute
        call(partial(answer, payment, dispute, idempotency_key=f"{kind} {wins}"))
        if wins:
            shop.controls.advance(60)
            wait_for(lambda: due_of(shop, subject) == before, "what was bought")  # noqa: B023
        else:
            assert ledger_of(shop, subject)[-1].quantity == -1
            assert payment_of(shop, session_id).dispute is None


def test_an_inquiry_takes_nothing_until_it_becomes_a_dispute(shop: ConnectedShop) -> None:
    call, actions = shop.server.portal.call, shop.services.actions
    session_id = sell(shop, quantity=10)
    payment = payment_of(shop, session_id)
    shop.controls.dispute(call(actions.charge_of, payment.payment_intent), "inquiry")
    call(actions.refresh, call(actions.of_session, session_id))
    inquiry = payment_of(shop, session_id).dispute
    assert inquiry
    assert inquiry.is_inquiry
    assert due_of(shop, session_id) == Due(10)
    call(partial(actions.win_dispute, payment, inquiry, idempotency_key="escalated"))
    shop.controls.advance(60)
    wait_for(lambda: due_of(shop, session_id) == Due(0), "the dispute")
