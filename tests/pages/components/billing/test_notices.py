"""The notice about the two Prices through AppTest, on real services in front of the sandbox."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from billing.errors import NotConfigured
from tests.support.browsers.pages import alerts, open_page, press
from tests.support.servers.billing_server import BillingServer, billing_server
from tests.support.servers.settings import working_settings
from tests.support.stripe_account import StripeAccount, always

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.servers.shop import Shop

LIVE = NotConfigured("STRIPE_SECRET_KEY", "STRIPE_SECRET_KEY holds a live key.", "Use a test key.")


@contextmanager
def with_settings(shop: Shop, **values: Any) -> Iterator[BillingServer]:
    with billing_server(replace(shop.services.settings, **values)) as server:
        yield server


def test_without_prices_one_notice_creates_both_and_they_are_sold_at_once(shop: Shop) -> None:
    with with_settings(shop, price_pro_monthly=None, price_extra_credit=None) as server:
        page = open_page(server)
        assert {kind: len(texts) for kind, texts in alerts(page).items()} == {"warning": 1}
        assert page.button(key="pay_pro").disabled
        assert page.button(key="pay_credits").disabled
        press(page, "create_prices")
        assert not alerts(page)
        assert page.button(key="pay_pro").label == "PAY WITH CARD ($99/MO)"
        press(page, "pay_credits")
        (session,) = shop.stripe.v1.checkout.sessions.list().data
        assert session.amount_total == 99
    with with_settings(shop, price_pro_monthly=None, price_extra_credit=None) as restarted:
        assert open_page(restarted).button(key="pay_pro").label == "PAY WITH CARD ($99/MO)"


@pytest.mark.parametrize(
    "values",
    [
        {"secret_key": None, "problems": {"STRIPE_SECRET_KEY": LIVE}},
        {"price_pro_monthly": "price_unknown", "price_extra_credit": "price_unknown"},
    ],
)
def test_one_cause_has_one_notice_with_one_way_out(shop: Shop, values: dict[str, Any]) -> None:
    with with_settings(shop, **values) as server:
        page = open_page(server)
        assert {kind: len(texts) for kind, texts in alerts(page).items()} == {"error": 1}
        assert [link.proto.label for link in page.get("page_link")].count("Setup") == 1


def test_prices_that_were_not_created_are_named_with_the_reason(
    tmp_path: Path, account: StripeAccount
) -> None:
    settings = working_settings(tmp_path, account.url)
    unset = replace(settings, price_pro_monthly=None, price_extra_credit=None)
    with billing_server(unset) as server:
        page = open_page(server)
        account.faults = always("rate_limited")
        press(page, "create_prices")
        (error,) = alerts(page)["error"]
        assert "The Prices were not created" in error
        assert "Wait a few seconds" in error
        assert not page.button(key="create_prices").disabled


@pytest.mark.parametrize("page", ["billing.py", "sessions.py", "events.py", "setup.py"])
def test_a_live_key_is_refused_in_one_box_on_every_page(shop: Shop, page: str) -> None:
    with with_settings(shop, secret_key=None, problems={"STRIPE_SECRET_KEY": LIVE}) as server:
        assert len(alerts(open_page(server, page))["error"]) == 1
