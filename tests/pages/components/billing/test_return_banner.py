"""The return from Checkout through AppTest, on real services in front of the sandbox."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import pytest

from billing.domain.sessions.checkout_session import Kind
from billing.domain.sessions.details import SessionLookup
from pages.scenarios.sandbox_client import Controls
from tests.support.browsers.pages import alerts, open_page, press, run_until
from tests.support.servers.after_sale import look, payment_of, refund, sell
from tests.support.servers.deliveries import deliver, event_about
from tests.support.servers.sales import GOOD_CARD, PAYER, create_session
from tests.support.servers.shop import connected_shop, open_shop
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.shop import Shop


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
    assert "**Pro plan granted**" in banner
    assert r"\$99\.00 paid by `tester@example.com`" in banner


def test_a_payment_that_a_webhook_granted_says_so_and_how_soon(tmp_path: Path) -> None:
    with open_shop(tmp_path, sync_step_seconds=3_600.0) as shop:
        state = shop.services.mirror.state
        wait_for(lambda: shop.server.portal.call(state).as_of, "the first step of the sync")
        session_id = create_session(shop, Kind.CREDITS, 25)
        shop.sandbox.payments.pay(session_id, GOOD_CARD, PAYER)
        deliver(shop, event_about(session_id))
        look_up = partial(shop.services.sessions.details, session_id, SessionLookup())
        wait_for(lambda: shop.server.portal.call(look_up).grant, "a grant")
        page = open_page(shop.server, success="1", session_id=session_id)
        (banner,) = alerts(page)["success"]
        assert re.search(r"\*\*25 extra credits granted\*\*, by webhook after [\d\\.]+ s", banner)


def test_a_payment_that_was_refunded_since_says_so(shop: Shop) -> None:
    session_id = sell(shop)
    page = open_page(shop.server, success="1", session_id=session_id)
    assert set(alerts(page)) == {"success"}
    refund(shop, payment_of(shop, session_id), amount=297)
    look(shop, payment_of(shop, session_id))
    page.run()
    (banner,) = alerts(page)["warning"]
    assert "Payment received, partly refunded since" in banner
    assert r"**\$2\.97 refunded** since" in banner
    assert page.dataframe[0].value["outcome"].iloc[0] == ["Partly refunded"]


def test_the_timeline_is_one_press_away_and_the_banner_is_dismissed(shop: Shop) -> None:
    session_id = paid_session(shop)
    page = open_page(shop.server, success="1", session_id=session_id)
    press(page, "view_timeline")
    assert page.query_params["session"] == session_id
    press(page, "dismiss")
    assert set(page.query_params) == {"session"}
    assert "success" not in alerts(page)


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


def test_a_decline_has_a_banner_with_the_banks_reason(tmp_path: Path) -> None:
    with connected_shop(tmp_path) as shop:
        checkout = shop.services.checkout
        session = shop.pages.call(lambda: checkout.create(Kind.CREDITS, made_by="test"))
        shop.controls.pay(session.id, email="tester@example.com", card="4000000000009995")
        page = open_page(shop.pages, success="1", session_id=session.id)
        run_until(page, lambda: "insufficient" in str(alerts(page)["warning"]))
        (banner,) = alerts(page)["warning"]
        for said in ("Not paid", "still open", "Last attempt: Your card has insufficient funds"):
            assert said in banner
        assert page.dataframe[0].value["note"].iloc[0] == "Insufficient funds"


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


def test_canceled_names_the_purchase_with_the_way_back_and_expires_it(shop: Shop) -> None:
    press(open_page(shop.server), "pay_pro")
    (session,) = created(shop)
    (_, query) = (session.cancel_url or "").split("?")
    page = open_page(shop.server, **dict(parse_qsl(query)))
    assert r"**Pro plan, \$99\.00**: nothing has been paid" in alerts(page)["warning"][0]
    assert [link.proto.url for link in page.get("link_button")] == [session.url]
    press(page, "expire_canceled")
    assert "expired in the meantime" in alerts(page)["warning"][0]
    assert shop.stripe.v1.checkout.sessions.retrieve(session.id).status == "expired"


def test_a_reference_that_is_unknown_or_another_term_names_no_purchase(shop: Shop) -> None:
    paid_session(shop)
    for reference in ("tester@example.com", "unknown", "x" * 5000):
        found = alerts(open_page(shop.server, canceled="1", reference=reference))
        assert "Checkout was closed before paying" in found["warning"][0]
