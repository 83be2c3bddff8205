"""The billing page as a whole through AppTest, on real services in front of the sandbox."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from billing.errors import NotConfigured
from pages.components.billing import offer
from tests.support.browsers.pages import DASHBOARD, alerts, open_page, press
from tests.support.servers.billing_server import billing_server
from tests.support.servers.settings import working_settings
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
    from tests.support.servers.shop import Shop

READ_WITH_THE_HISTORY = tuple(
    f"/v1/{name}" for name in ("customers", "subscriptions", "invoices", "refunds", "disputes")
)
LIVE = NotConfigured("STRIPE_SECRET_KEY", "STRIPE_SECRET_KEY holds a live key.", "Use a test key.")


PRODUCT = NotConfigured("STRIPE_PRICE_PRO_MONTHLY", "It holds a Product ID (prod_…).", "Copy it.")


def test_when_stripe_fails_the_page_works_and_shows_the_request_id(
    tmp_path: Path, account: StripeAccount
) -> None:
    account.faults = always("rate_limited")
    with billing_server(working_settings(tmp_path, account.url)) as server:
        page = open_page(server, success="1", session_id="cs_test_x")
        assert [button.label for button in page.button] == [
            "PAY WITH CARD",
            "BUY EXTRA LOAD CREDITS",
        ]
        page.number_input(key="credits_quantity").set_value(3).run()
        press(page, "pay_credits")
        errors = alerts(page)["error"]
        assert any("No Checkout Session was created" in error for error in errors)
        assert all(REQUEST_ID in error for error in errors)
        assert any("Wait a few seconds" in error for error in errors)
        assert not page.button(key="pay_credits").disabled
        assert page.number_input(key="credits_quantity").value == 3


def test_when_stripe_does_not_answer_the_page_can_be_used(
    tmp_path: Path, account: StripeAccount
) -> None:
    waits: dict[str, Any] = {"page_prices_seconds": 0.1, "page_payment_seconds": 0.1}
    account.faults = SILENT
    with billing_server(working_settings(tmp_path, account.url), **waits) as server:
        began = time.monotonic()
        page = open_page(server, success="1", session_id="cs_test_x")
        assert time.monotonic() - began < 10
        assert "Checking the payment" in alerts(page)["info"][0]
        assert [text.value for text in page.caption].count(offer.LOADING_PRICE) == 2
        assert [button.disabled for button in page.button] == [False, False]
        assert sorted(path for path in account.paths("GET") if "prices" in path) == [
            "/v1/prices/price_credit",
            "/v1/prices/price_pro",
        ]
        assert page.number_input(key="credits_quantity").value == 1


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"secret_key": None, "problems": {"STRIPE_SECRET_KEY": LIVE}}, "live key"),
        (
            {"price_pro_monthly": None, "problems": {"STRIPE_PRICE_PRO_MONTHLY": PRODUCT}},
            "Product ID",
        ),
    ],
)
def test_an_invalid_setting_is_named_on_the_page_which_stays_up(
    shop: Shop, values: dict[str, Any], said: str
) -> None:
    with billing_server(replace(shop.server.services.settings, **values)) as server:
        page = open_page(server)
        assert said in str(alerts(page)["error"]).replace("\\\\", "")
        assert len(page.button) == 2


def test_without_the_launcher_the_page_says_how_to_start() -> None:
    st.cache_resource.clear()
    page = AppTest.from_file(str(DASHBOARD), default_timeout=30).run()
    assert not page.exception
    assert "streamlit_app.py" in page.error[0].value


def test_a_rerun_sends_no_request_to_stripe(tmp_path: Path, account: StripeAccount) -> None:
    def asked_by_the_page() -> list[str]:
        behind_the_scenes = (ACCOUNT, LIST_SESSIONS, LIST_EVENTS, *READ_WITH_THE_HISTORY)
        return [path for path in account.paths("GET") if path not in behind_the_scenes]

    with billing_server(working_settings(tmp_path, account.url)) as server:
        page = open_page(server)
        assert sorted(asked_by_the_page()) == ["/v1/prices/price_credit", "/v1/prices/price_pro"]
        page.run()
        assert len(asked_by_the_page()) == 2
