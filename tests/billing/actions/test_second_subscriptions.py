"""Two subscriptions of one person are seen, and the second one is ended and refunded once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from billing.domain.ledger.line import Due
from billing.domain.sessions.checkout_session import Kind
from billing.errors import InvalidInput
from pages.scenarios.sandbox_client import Controls
from tests.support.servers.sales import PAYER, pay
from tests.support.servers.shop import Shop, idle_shop
from tests.support.servers.sold import due_of, pro_of, sell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from billing.domain.ledger.second_pro import SecondPro


def open_sessions(shop: Shop, customer: str | None) -> list[str]:
    """Two sessions for Pro that are open at once, as from two windows; their ids."""
    create = partial(shop.services.checkout.create, Kind.PRO, made_by="test", customer=customer)
    return [shop.server.portal.call(create).id for _ in range(2)]


def of_session(shop: Shop, session_id: str) -> SecondPro | None:
    return shop.server.portal.call(shop.services.second_subscriptions.of_session, session_id)


def of_all(shop: Shop) -> tuple[SecondPro, ...]:
    return shop.server.portal.call(shop.services.second_subscriptions.all)


def end(shop: Shop, subscription: str) -> None:
    shop.server.portal.call(shop.services.second_subscriptions.end, subscription)


def subscription_of(shop: Shop, session_id: str) -> str:
    return pro_of(shop, session_id).subscription.id


@pytest.mark.parametrize("is_known", [True, False], ids=["one Customer", "one email"])
def test_of_two_that_are_paid_the_second_is_ended_and_refunded_once(
    shop: Shop, is_known: bool
) -> None:
    customer = shop.stripe.v1.customers.create({"email": PAYER.email}).id if is_known else None
    first, second = open_sessions(shop, customer)
    older = pro_of(shop, pay(shop, first)).subscription
    Controls(f"{shop.services.settings.api_base}/_control").advance(2)
    ended = pro_of(shop, pay(shop, second)).subscription
    found = [one for one in (of_session(shop, first), of_session(shop, second)) if one]
    assert [(one.first.id, one.second.id) for one in found] == [(older.id, ended.id)]
    assert [one.second.id for one in of_all(shop)] == [ended.id] * is_known
    with pytest.raises(InvalidInput, match="is not the second"):
        end(shop, older.id)
    for _ in range(2):
        end(shop, ended.id)
    (refund,) = shop.stripe.v1.refunds.list().data
    assert (refund.amount, refund.reason) == (9900, "duplicate")
    assert shop.stripe.v1.subscriptions.retrieve(ended.id).status == "canceled"
    assert shop.stripe.v1.subscriptions.retrieve(older.id).status == "active"
    assert due_of(shop, ended.id) == Due(0)
    assert due_of(shop, older.id) == Due(1, older.period_end)
    assert of_session(shop, first) is of_session(shop, second) is None
    assert of_all(shop) == ()


@pytest.fixture
def shop_that_reads_nothing_more(tmp_path: Path) -> Iterator[Shop]:
    with idle_shop(tmp_path) as opened:
        yield opened


def test_one_subscription_or_none_is_no_second_one(shop_that_reads_nothing_more: Shop) -> None:
    shop = shop_that_reads_nothing_more
    session_id = sell(shop, Kind.PRO)
    assert of_session(shop, session_id) is None
    assert of_session(shop, sell(shop)) is None
    assert of_session(shop, "cs_test_unknown") is None
    assert of_all(shop) == ()
    subscription = subscription_of(shop, session_id)
    with pytest.raises(InvalidInput, match="is not the second"):
        end(shop, subscription)
    assert shop.stripe.v1.refunds.list().data == []
