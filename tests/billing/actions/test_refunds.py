"""Refunds: from the action through Stripe to the ledger, where no event arrives."""

from __future__ import annotations

import uuid
from functools import partial
from typing import TYPE_CHECKING

import pytest

from billing.actions.refusals import PartlyDone
from billing.domain.actions.payment import RefundReason
from billing.domain.ledger.line import Cause, Due
from billing.domain.sessions.checkout_session import Kind
from billing.errors import InvalidInput, StripeFailure
from pages.scenarios.sandbox_client import Controls
from tests.support.servers.shop import Shop, open_shop
from tests.support.servers.sold import (
    PENDING_REFUND_CARD,
    due_of,
    ledger_of,
    payment_of,
    pro_of,
    sale_of,
    sell,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from billing.domain.actions.payment import PaymentState
    from billing.domain.ledger.refunds import Refund


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("shop"), sync_step_seconds=3_600.0) as opened:
        yield opened


def refund(
    shop: Shop,
    payment: PaymentState,
    amount: int | None = None,
    *,
    key: str = "",
    cancels_pro: bool = False,
) -> Refund:
    return shop.server.portal.call(
        partial(
            shop.services.actions.refund,
            payment,
            amount,
            reason=RefundReason.REQUESTED_BY_CUSTOMER,
            cancels_pro=cancels_pro,
            idempotency_key=key or str(uuid.uuid4()),
        )
    )


def test_a_part_and_then_the_rest_take_back_what_the_preview_said(shop: Shop) -> None:
    session_id = sell(shop, quantity=10)
    payment = payment_of(shop, session_id)
    assert (payment.amount, payment.left, payment.credits) == (990, 990, 10)
    part = payment.amount_for(3)
    assert payment.preview(part).credits_left == 7
    refund(shop, payment, part)
    assert due_of(shop, session_id) == Due(7)
    rest = payment_of(shop, session_id)
    assert (rest.left, rest.credits) == (693, 7)
    refund(shop, rest)
    assert due_of(shop, session_id) == Due(0)
    assert payment_of(shop, session_id).refusal
    assert [line.quantity for line in ledger_of(shop, session_id)] == [10, -3, -7]


def test_a_double_press_makes_one_refund(shop: Shop) -> None:
    session_id = sell(shop, quantity=10)
    payment = payment_of(shop, session_id)
    first, second = (refund(shop, payment, 297, key="pressed twice") for _ in range(2))
    assert first.id == second.id
    found = shop.stripe.v1.refunds.list({"payment_intent": payment.payment_intent}).data
    assert [(one.amount, one.reason) for one in found] == [(297, "requested_by_customer")]
    assert due_of(shop, session_id) == Due(7)


def test_what_stripe_refuses_is_said_in_plain_words_and_our_copy_catches_up(shop: Shop) -> None:
    session_id = sell(shop, quantity=10)
    payment = payment_of(shop, session_id)
    shop.stripe.v1.refunds.create({"payment_intent": payment.payment_intent, "amount": 891})
    with pytest.raises(InvalidInput, match="has less left than that"):
        refund(shop, payment, 990)
    assert payment_of(shop, session_id).left == 99
    assert due_of(shop, session_id) == Due(1)
    refund(shop, payment)
    with pytest.raises(InvalidInput, match=f"{payment.payment_intent} has already been refunded"):
        refund(shop, payment)


def test_a_disputed_payment_is_not_refunded(shop: Shop) -> None:
    session_id = sell(shop, quantity=10)
    payment = payment_of(shop, session_id)
    charge = shop.server.portal.call(shop.services.actions.charge_of, payment.payment_intent)
    controls = Controls(f"{shop.services.settings.api_base}/_control")
    controls.dispute(charge, "fraudulent")
    with pytest.raises(InvalidInput, match="is disputed"):
        refund(shop, payment)
    assert "the bank holds the money" in (payment_of(shop, session_id).refusal or "")
    assert due_of(shop, session_id) == Due(0)


def test_a_pending_refund_is_no_longer_left_though_the_credits_stay(shop: Shop) -> None:
    session_id = sell(shop, quantity=10, card=PENDING_REFUND_CARD)
    refund(shop, payment_of(shop, session_id), 297)
    assert payment_of(shop, session_id).left == 693
    assert due_of(shop, session_id) == Due(10)


@pytest.mark.parametrize("cancels_pro", [False, True])
def test_pro_is_refunded_through_its_invoice_and_ends_only_when_asked_to(
    shop: Shop, cancels_pro: bool
) -> None:
    session_id = sell(shop, Kind.PRO)
    payment = payment_of(shop, session_id)
    assert (payment.amount, payment.left, payment.bought) == (9900, 9900, 0)
    refund(shop, payment, cancels_pro=cancels_pro)
    assert payment_of(shop, session_id).left == 0
    state = pro_of(shop, session_id)
    assert state.subscription.status == ("canceled" if cancels_pro else "active")
    lines = ledger_of(shop, state.subscription.id)
    assert [line.cause for line in lines[1:]] == [Cause.CANCELED] * cancels_pro


def test_a_session_that_is_not_paid_has_nothing_to_act_on(shop: Shop) -> None:
    assert sale_of(shop, "cs_test_none").payment is None


def test_where_only_the_cancellation_fails_that_is_said_and_nothing_is_refunded_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = sell(shop, Kind.PRO)
    payment = payment_of(shop, session_id)

    async def refuse(_: str) -> None:
        raise StripeFailure("The key lacks a permission.", "Give it.", status=403)

    monkeypatch.setattr(shop.services.gateway, "cancel_subscription", refuse)
    with pytest.raises(PartlyDone, match=f"{payment.payment_intent} was refunded, but"):
        refund(shop, payment, 100, cancels_pro=True)
    assert payment_of(shop, session_id).left == 9800
