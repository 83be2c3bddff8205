"""The warning that somebody has two Pro subscriptions, through AppTest, in front of the sandbox."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from billing.domain.sessions.checkout_session import Kind
from billing.errors import StripeFailure
from tests.support.browsers.pages import alerts, open_page, press
from tests.support.servers.sales import PAYER, pay

if TYPE_CHECKING:
    import pytest

    from tests.support.servers.shop import Shop


def paid_twice(shop: Shop, customer: str | None = None) -> str:
    """Two sessions for Pro, open at once, that were both paid; the id of the second one."""
    create = partial(shop.services.checkout.create, Kind.PRO, made_by="test", customer=customer)
    created = [shop.server.portal.call(create).id for _ in range(2)]
    by_age = {}
    for session_id in created:
        pay(shop, session_id)
        session = shop.stripe.v1.checkout.sessions.retrieve(session_id)
        subscription = shop.stripe.v1.subscriptions.retrieve(str(session.subscription))
        by_age[subscription.created, subscription.id] = session_id
    return by_age[max(by_age)]


def statuses(shop: Shop) -> list[str]:
    found = shop.stripe.v1.subscriptions.list({"status": "all"}).data
    return sorted(one.status for one in found)


def test_who_returns_from_a_second_payment_is_warned_and_one_press_mends_it(shop: Shop) -> None:
    second = paid_twice(shop)
    page = open_page(shop.server, success="1", session_id=second)
    assert "Payment received" in alerts(page)["success"][0]
    (warning,) = alerts(page)["warning"]
    assert "Two Pro subscriptions" in warning
    assert PAYER.email in warning
    press(page, "end_second_banner")
    assert statuses(shop) == ["active", "canceled"]
    assert shop.stripe.v1.refunds.list().data[0].amount == 9900
    assert "success" not in alerts(page)
    (banner,) = alerts(page)["warning"]
    assert "refunded since" in banner


def test_on_every_page_a_customer_with_two_is_warned_of(shop: Shop) -> None:
    customer = shop.stripe.v1.customers.create({"email": PAYER.email}).id
    paid_twice(shop, customer)
    page = open_page(shop.server, "sessions.py")
    (warning,) = alerts(page)["warning"]
    assert "**Two Pro subscriptions.**" in warning
    assert customer in warning
    press(page, "end_second_notice")
    assert "warning" not in alerts(page)
    assert statuses(shop) == ["active", "canceled"]


def test_where_the_banner_warns_the_notice_does_not_repeat_it(shop: Shop) -> None:
    customer = shop.stripe.v1.customers.create({"email": PAYER.email}).id
    second = paid_twice(shop, customer)
    page = open_page(shop.server, success="1", session_id=second)
    page.run()
    assert len(alerts(page)["warning"]) == 1


def test_why_it_was_not_mended_is_shown(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    second = paid_twice(shop)

    async def fail(*_: object) -> None:
        raise StripeFailure("Stripe refused.", "Try again.", request_id="req_1", status=500)

    monkeypatch.setattr(shop.services.gateway, "create_refund", fail)
    page = open_page(shop.server, success="1", session_id=second)
    press(page, "end_second_banner")
    (error,) = alerts(page)["error"]
    assert "The second subscription was not ended" in error
    assert "req_1" in error
    assert statuses(shop) == ["active", "active"]
