"""The billing page through AppTest, on real services in front of the sandbox."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from billing.domain.checkout_session import Kind
from billing.errors import NotConfigured
from pages.components.billing import offer
from pages.scenarios.sandbox_client import Controls
from pages.services import hand_over
from stripe_sandbox.payments.checkout import Card, Payer
from tests.support.billing_server import BillingServer, billing_server
from tests.support.settings import working_settings
from tests.support.stripe_account import (
    ACCOUNT,
    LIST_EVENTS,
    LIST_SESSIONS,
    REQUEST_ID,
    SILENT,
    StripeAccount,
    always,
)

if TYPE_CHECKING:
    from tests.support.shop import Shop

FRAME = Path(__file__).parents[2] / "pages/dashboard.py"
GOOD_CARD = Card("4242424242424242", 12, 2040, "123")
PAYER = Payer("tester@example.com", "Test Customer")
PATIENCE = 20.0


def opened(server: BillingServer, **query: str) -> AppTest:
    hand_over(server.services, server.portal)
    page = AppTest.from_file(str(FRAME), default_timeout=30)
    for name, value in query.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def pressed(page: AppTest, button: str) -> AppTest:
    page.button(key=button).click().run()
    assert not page.exception
    return page


def made(shop: Shop) -> list[Any]:
    return shop.stripe.v1.checkout.sessions.list({"limit": 100}).data


def banners(page: AppTest) -> dict[str, list[str]]:
    return {
        kind: [f"{alert.proto.title} {alert.value}" for alert in getattr(page, kind)]
        for kind in ("success", "info", "warning", "error")
        if getattr(page, kind)
    }


def comes_to_say(page: AppTest, words: str) -> None:
    """Look again, as the page does by itself, until a caption says the words."""
    deadline = time.monotonic() + PATIENCE
    while words not in " ".join(caption.value for caption in page.caption):
        assert time.monotonic() < deadline, [caption.value for caption in page.caption]
        page.run()


def test_the_page_shows_both_offers_with_the_prices_that_stripe_has(shop: Shop) -> None:
    page = opened(shop.server)
    assert [button.label for button in page.button] == [
        "PAY WITH CARD ($99/MO)",
        "BUY EXTRA LOAD CREDITS",
    ]
    assert page.metric[0].value == "$99/month"
    comes_to_say(page, "No sessions yet")
    assert not banners(page)


def test_the_total_follows_the_number_of_credits(shop: Shop) -> None:
    page = opened(shop.server)
    page.number_input(key="credits_quantity").set_value(12).run()
    assert r"Total **\$11\.88**" in [text.value for text in page.markdown]


def test_a_press_makes_one_session_and_shows_its_link_id_and_url(shop: Shop) -> None:
    page = pressed(opened(shop.server), "pay_pro")
    (session,) = made(shop)
    assert session.mode == "subscription"
    assert page.get("link_button")[0].proto.url == session.url
    assert [code.value for code in page.code] == [session.url, session.id]
    assert page.button(key="pay_pro").disabled
    assert list(page.dataframe[0].value["id"]) == [session.id]


def test_a_press_repeated_before_its_answer_is_shown_makes_one_session(shop: Shop) -> None:
    page = opened(shop.server)
    page.button(key="pay_pro").click()
    page.run()
    press = page.session_state["order_pro"].press
    press.created = None  # as if the run had been cut off right after Stripe answered
    page.run()
    assert len(made(shop)) == 1
    assert page.session_state["order_pro"].press.created.id == made(shop)[0].id


def test_credits_are_bought_by_the_quantity_and_another_quantity_is_another_press(
    shop: Shop,
) -> None:
    page = opened(shop.server)
    page.number_input(key="credits_quantity").set_value(5).run()
    pressed(page, "pay_credits")
    assert page.button(key="pay_credits").disabled
    page.number_input(key="credits_quantity").set_value(7).run()
    assert not page.button(key="pay_credits").disabled
    assert not page.get("link_button")
    pressed(page, "pay_credits")
    assert {session.amount_total for session in made(shop)} == {7 * 99, 5 * 99}
    assert set(page.dataframe[0].value["what"]) == {"7 extra credits", "5 extra credits"}


def test_new_session_makes_room_for_the_next_press(shop: Shop) -> None:
    page = pressed(opened(shop.server), "pay_pro")
    pressed(page, "new_pro")
    assert not page.get("link_button")
    pressed(page, "pay_pro")
    assert len(made(shop)) == 2


def paid_session(shop: Shop) -> str:
    session = shop.server.portal.call(
        lambda: shop.server.services.checkout.create(
            Kind.PRO, idempotency_key="one", made_by="test"
        )
    )
    shop.sandbox.payments.pay(session.id, GOOD_CARD, PAYER)
    return session.id


def test_a_paid_session_gets_the_green_banner_with_what_stripe_says(shop: Shop) -> None:
    session_id = paid_session(shop)
    page = opened(shop.server, success="1", session_id=session_id)
    (banner,) = banners(page)["success"]
    assert "Payment received" in banner
    assert r"Pro plan, \$99\.00, paid by `tester@example.com`" in banner
    assert session_id in banner


def test_reloading_shows_the_same_and_changes_nothing(shop: Shop) -> None:
    session_id = paid_session(shop)
    first = opened(shop.server, success="1", session_id=session_id)
    again = opened(shop.server, success="1", session_id=session_id)
    assert banners(first) == banners(again)
    assert len(made(shop)) == 1


def test_an_open_session_gets_no_green_banner_whatever_the_address_says(shop: Shop) -> None:
    pressed(opened(shop.server), "pay_pro")
    (session,) = made(shop)
    found = banners(opened(shop.server, success="1", session_id=session.id))
    assert "success" not in found
    assert "Not paid" in found["warning"][0]


def test_an_expired_session_is_said_to_be_expired(shop: Shop) -> None:
    pressed(opened(shop.server), "pay_pro")
    (session,) = made(shop)
    shop.stripe.v1.checkout.sessions.expire(session.id)
    found = banners(opened(shop.server, success="1", session_id=session.id))
    assert "success" not in found
    assert "expired without a payment" in found["warning"][0]


@pytest.mark.parametrize("kind", list(Kind))
def test_a_debit_that_failed_is_told_with_the_banks_reason_and_asked_for_no_more(
    shop: Shop, kind: Kind
) -> None:
    services = shop.server.services
    session = shop.server.portal.call(lambda: services.checkout.create(kind, made_by="test"))
    controls = Controls(f"{services.settings.api_base}/_control")
    controls.pay(session.id, email="tester@example.com", bank_account="000111111116")
    page = opened(shop.server, success="1", session_id=session.id)
    assert "Checkout was completed" in banners(page)["info"][0]
    controls.advance(60)
    del page.session_state["session_polls"]  # as once the two seconds between two looks are over
    page.run()
    (banner,) = banners(page)["error"]
    for said in ("Payment failed", "nothing was paid or granted", "(no_account)"):
        assert said in banner.replace("\\", "")
    assert set(banners(page)) == {"error"}
    assert page.dataframe[0].value["outcome"].iloc[0] == ["Failed"]
    shop.stripe.v1.checkout.sessions.update(session.id, {"metadata": {"app": "another"}})
    page.run()
    assert set(banners(page)) == {"error"}  # what is final is not asked for again


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
def test_a_forged_id_gets_no_green_banner(shop: Shop, forged: str) -> None:
    found = banners(opened(shop.server, success="1", session_id=forged))
    assert list(found) == ["warning"]
    assert "Session not found" in found["warning"][0]


def test_a_session_of_another_app_gets_no_green_banner(shop: Shop) -> None:
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
    found = banners(opened(shop.server, success="1", session_id=foreign.id))
    assert list(found) == ["warning"]
    assert "Another app's session" in found["warning"][0]


def test_success_without_a_session_id_confirms_nothing(shop: Shop) -> None:
    assert list(banners(opened(shop.server, success="1"))) == ["info"]


def test_canceled_is_said(shop: Shop) -> None:
    found = banners(opened(shop.server, canceled="1"))
    assert list(found) == ["warning"]
    assert "Canceled" in found["warning"][0]


def test_a_stripe_that_fails_leaves_the_page_working_with_its_request_id(
    tmp_path: Path, account: StripeAccount
) -> None:
    account.faults = always("rate_limited")
    with billing_server(working_settings(tmp_path, account.url)) as server:
        page = opened(server, success="1", session_id="cs_test_x")
        assert [button.label for button in page.button] == [
            "PAY WITH CARD",
            "BUY EXTRA LOAD CREDITS",
        ]
        page.number_input(key="credits_quantity").set_value(3).run()
        pressed(page, "pay_credits")
        errors = banners(page)["error"]
        assert any("No Checkout Session was created" in error for error in errors)
        assert all(REQUEST_ID in error for error in errors)
        assert any("Wait a few seconds" in error for error in errors)
        assert not page.button(key="pay_credits").disabled
        assert page.number_input(key="credits_quantity").value == 3


def test_pressing_again_after_a_refusal_asks_anew_under_another_key(
    tmp_path: Path, account: StripeAccount
) -> None:
    account.faults = always("rate_limited")
    with billing_server(working_settings(tmp_path, account.url)) as server:
        page = pressed(pressed(opened(server), "pay_pro"), "pay_pro")
        assert page.error
    assert len(account.idempotency_keys) == len(set(account.idempotency_keys)) == 2


@pytest.mark.parametrize("typed", [1001, 1e300, 0, 2.5])
def test_a_number_out_of_range_is_refused_beside_the_field(shop: Shop, typed: float) -> None:
    page = opened(shop.server)
    page.number_input(key="credits_quantity").set_value(typed)
    page.button(key="pay_credits").click()  # at once, before the field has been judged
    page.run()
    assert page.number_input(key="credits_quantity").value == typed
    (error,) = banners(page)["error"]
    assert "Enter a whole number from 1 to 1,000" in error
    assert "`BILLING_MAX_CREDITS`" in error
    assert not any("Total" in text.value for text in page.markdown)
    assert page.button(key="pay_credits").disabled
    assert not made(shop)
    page.number_input(key="credits_quantity").set_value(1000).run()
    assert r"Total **\$990\.00**" in [text.value for text in page.markdown]
    pressed(page, "pay_credits")
    assert [session.amount_total for session in made(shop)] == [99_000]


def test_a_silent_stripe_leaves_the_page_to_be_used(tmp_path: Path, account: StripeAccount) -> None:
    waits: dict[str, Any] = {"page_prices_seconds": 0.1, "page_payment_seconds": 0.1}
    account.faults = SILENT
    with billing_server(working_settings(tmp_path, account.url), **waits) as server:
        began = time.monotonic()
        page = opened(server, success="1", session_id="cs_test_x")
        assert time.monotonic() - began < 10
        assert "Checking the payment" in banners(page)["info"][0]
        assert [text.value for text in page.caption].count(offer.LOADING_PRICE) == 2
        assert [button.disabled for button in page.button] == [False, False]
        assert sorted(path for path in account.paths("GET") if "prices" in path) == [
            "/v1/prices/price_credit",
            "/v1/prices/price_pro",
        ]
        assert page.number_input(key="credits_quantity").value == 1


LIVE = NotConfigured("STRIPE_SECRET_KEY", "STRIPE_SECRET_KEY holds a live key.", "Use a test key.")
PRODUCT = NotConfigured("STRIPE_PRICE_PRO_MONTHLY", "It holds a Product ID (prod_…).", "Copy it.")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"secret_key": None, "problems": {"STRIPE_SECRET_KEY": LIVE}}, "live key"),
        ({"price_pro_monthly": None}, "STRIPE_PRICE_PRO_MONTHLY"),
        (
            {"price_pro_monthly": None, "problems": {"STRIPE_PRICE_PRO_MONTHLY": PRODUCT}},
            "Product ID",
        ),
    ],
)
def test_a_wrong_setting_is_said_on_the_page_which_stays_up(
    shop: Shop, values: dict[str, Any], said: str
) -> None:
    with billing_server(replace(shop.server.services.settings, **values)) as server:
        page = opened(server)
        assert said in str(banners(page)["error"]).replace("\\\\", "")
        assert len(page.button) == 2


def test_without_the_launcher_the_page_says_how_to_start() -> None:
    st.cache_resource.clear()
    page = AppTest.from_file(str(FRAME), default_timeout=30).run()
    assert not page.exception
    assert "streamlit_app.py" in page.error[0].value


def test_a_warm_rerun_asks_nothing_of_stripe_for_itself(
    tmp_path: Path, account: StripeAccount
) -> None:
    def asked_by_the_page() -> list[str]:
        behind_the_scenes = (ACCOUNT, LIST_SESSIONS, LIST_EVENTS)
        return [path for path in account.paths("GET") if path not in behind_the_scenes]

    with billing_server(working_settings(tmp_path, account.url)) as server:
        page = opened(server)
        assert sorted(asked_by_the_page()) == ["/v1/prices/price_credit", "/v1/prices/price_pro"]
        page.run()
        assert len(asked_by_the_page()) == 2
