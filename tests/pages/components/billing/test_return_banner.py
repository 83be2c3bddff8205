"""The return from Checkout through AppTest, on real services in front of the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from billing.domain.checkout_session import Kind
from pages.scenarios.sandbox_client import Controls
from tests.support.pages import (
    alerts,
    open_page,
    press,
)
from tests.support.sales import (
    GOOD_CARD,
    PAYER,
    create_session,
)

if TYPE_CHECKING:
    from tests.support.shop import Shop


def created(shop: Shop) -> list[Any]:
    return shop.stripe.v1.checkout.sessions.list({"limit": 100}).data


def paid_session(shop: Shop) -> str:
    session_id = create_session(shop, Kind.PRO)
    shop.sandbox.payments.pay(session_id, GOOD_CARD, PAYER)
    return session_id


def test_a_paid_session_has_a_success_banner_with_payer_and_amount(shop: Shop) -> None:
    session_id = paid_session(shop)
    page = open_page(shop.server, success="1", session_id=session_id)
    (banner,) = alerts(page)["success"]
    assert "Payment received" in banner
    assert r"Pro plan, \$99\.00, paid by `tester@example.com`" in banner
    assert session_id in banner


def test_reloading_shows_the_same_banner_and_creates_nothing(shop: Shop) -> None:
    session_id = paid_session(shop)
    first = open_page(shop.server, success="1", session_id=session_id)
    again = open_page(shop.server, success="1", session_id=session_id)
    assert alerts(first) == alerts(again)
    assert len(created(shop)) == 1


def test_an_open_session_has_no_success_banner_whatever_the_address_says(shop: Shop) -> None:
    press(open_page(shop.server), "pay_pro")
    (session,) = created(shop)
    found = alerts(open_page(shop.server, success="1", session_id=session.id))
    assert "success" not in found
    assert "Not paid" in found["warning"][0]


def test_an_expired_session_has_a_banner_that_says_so(shop: Shop) -> None:
    press(open_page(shop.server), "pay_pro")
    (session,) = created(shop)
    shop.stripe.v1.checkout.sessions.expire(session.id)
    found = alerts(open_page(shop.server, success="1", session_id=session.id))
    assert "success" not in found
    assert "expired without a payment" in found["warning"][0]


@pytest.mark.parametrize("kind", list(Kind))
def test_a_failed_debit_has_a_banner_with_the_banks_reason_and_is_final(
    shop: Shop, kind: Kind
) -> None:
    services = shop.server.services
    session = shop.server.portal.call(lambda: services.checkout.create(kind, made_by="test"))
    controls = Controls(f"{services.settings.api_base}/_control")
    controls.pay(session.id, email="tester@example.com", bank_account="000111111116")
    page = open_page(shop.server, success="1", session_id=session.id)
    assert "Checkout was completed" in alerts(page)["info"][0]
    controls.advance(60)
    del page.session_state["session_polls"]  # as once the two seconds between two looks are over
    page.run()
    (banner,) = alerts(page)["error"]
    for said in ("Payment failed", "nothing was paid or granted", "(no_account)"):
        assert said in banner.replace("\\", "")
    assert set(alerts(page)) == {"error"}
    assert page.dataframe[0].value["outcome"].iloc[0] == ["Failed"]
    shop.stripe.v1.checkout.sessions.update(session.id, {"metadata": {"app": "another"}})
    page.run()
    assert set(alerts(page)) == {"error"}  # what is final is not asked for again


@pytest.mark.parametrize(
    "forged",
    [
        "cs_test_doesnotexist",
        "cs_live_abc",
        "../customers",
        "%7BCHECKOUT_SESSION_ID%7D",
        "<b>",
        "x y",
    ],
)
def test_an_invented_id_has_no_success_banner(shop: Shop, forged: str) -> None:
    found = alerts(open_page(shop.server, success="1", session_id=forged))
    assert list(found) == ["warning"]
    assert "Session not found" in found["warning"][0]


def test_another_apps_session_has_no_success_banner(shop: Shop) -> None:
    foreign = shop.stripe.v1.checkout.sessions.create(
        {
            "mode": "subscription",
            "line_items": [
                {"price": shop.server.services.settings.price_pro_monthly or "", "quantity": 1}
            ],
            "success_url": "https://example.com",
        }
    )
    shop.sandbox.payments.pay(foreign.id, GOOD_CARD, PAYER)
    found = alerts(open_page(shop.server, success="1", session_id=foreign.id))
    assert list(found) == ["warning"]
    assert "Another app's session" in found["warning"][0]


def test_success_without_a_session_id_confirms_nothing(shop: Shop) -> None:
    assert list(alerts(open_page(shop.server, success="1"))) == ["info"]


def test_canceled_has_a_banner(shop: Shop) -> None:
    found = alerts(open_page(shop.server, canceled="1"))
    assert list(found) == ["warning"]
    assert "Canceled" in found["warning"][0]
