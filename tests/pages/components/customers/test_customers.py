"""The Customers page through AppTest, in front of the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from billing.domain.ledger.line import Due
from billing.domain.sessions.checkout_session import Kind
from pages.components.test_kit.demo_data import reset
from tests.support.browsers.pages import (
    HOSTILE,
    ids,
    open_page,
    press,
    rows,
    run,
    run_until,
    text_of,
)
from tests.support.servers.sales import PAYER
from tests.support.servers.shop import ConnectedShop, connected_shop
from tests.support.servers.sold import due_of, payment_of, sell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streamlit.testing.v1 import AppTest

PAGE = "customers.py"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConnectedShop]:
    with connected_shop(tmp_path_factory.mktemp("shop")) as opened:
        yield opened


@pytest.fixture
def shop(running: ConnectedShop) -> ConnectedShop:
    """Without customers."""
    reset(running.pages, running.controls)
    return running


def links(page: AppTest) -> list[str]:
    return [one.proto.label for one in page.get("page_link")]


def test_without_customers_the_page_says_how_one_appears(shop: ConnectedShop) -> None:
    page = open_page(shop.pages, PAGE)
    run_until(page, lambda: "No customers yet" in text_of(page))
    assert "Run a scenario" in links(page)
    assert not page.dataframe
    assert not page.pills


def test_a_guest_is_a_row_whose_drawer_leads_to_session_and_event(shop: ConnectedShop) -> None:
    session_id = sell(shop, quantity=10)
    page = open_page(shop.pages, PAGE)
    (row,) = rows(page)
    assert row["id"] == PAYER.email
    assert (row["who"], row["customer"]) == (f"○ {PAYER.email}", "Guest")
    assert (row["credits"], row["paid"], row["refunded"]) == ("10", "$9.90", "")
    text = text_of(open_page(shop.pages, PAGE, customer=PAYER.email))
    assert "Guest" in text
    assert "**10** credits · **$9.90** paid" in text
    assert "**+10 credits** · Purchase" in text
    assert f"sessions?session={session_id}" in text
    assert "$9.90** :green-badge[✓ Paid] 10 extra credits" in text


def test_a_payment_is_refunded_in_the_drawer(shop: ConnectedShop) -> None:
    session_id = sell(shop, quantity=5)
    payment = payment_of(shop, session_id).payment_intent
    page = open_page(shop.pages, PAGE, customer=PAYER.email)
    page.session_state["payments_open"] = {f"payment_{payment}"}
    page = press(press(run(page), f"action_{payment}"), "refund_now")
    assert due_of(shop, session_id) == Due(0)
    text = text_of(page)
    assert "$4.95 refunded. 5 credits taken back." in text
    assert "**\N{MINUS SIGN}5 credits** · Refund" in text
    assert "↺ Refunded" in text


def test_pro_is_shown_with_its_period_and_what_comes_next(shop: ConnectedShop) -> None:
    payment_of(shop, sell(shop, Kind.PRO))
    page = open_page(shop.pages, PAGE, pro="active")
    (row,) = rows(page)
    assert row["pro"] == ["Active"]
    assert str(row["note"]).startswith("Renews ")
    assert str(row["id"]).startswith("cus_")
    text = text_of(open_page(shop.pages, PAGE, customer=str(row["id"])))
    assert "✓ Pro active" in text
    assert "Renews on " in text
    assert "**Pro until " in text


def test_filters_stand_in_the_address_and_what_means_nothing_is_named(shop: ConnectedShop) -> None:
    sell(shop, Kind.PRO)
    assert open_page(shop.pages, PAGE, q="tester@").dataframe
    for query in ({"q": "nobody"}, {"pro": "ended"}, {"with": "disputes"}):
        page = open_page(shop.pages, PAGE, **query)
        assert "No matching customers" in text_of(page)
    page = open_page(shop.pages, PAGE, pro=["gold", "Active"])
    assert "`gold` is not a valid Pro status" in text_of(page)
    assert page.dataframe
    page.pills(key="customers_with").set_value(["refunds"])
    assert run(page).query_params["with"] == "refunds"


def test_a_session_s_drawer_leads_to_its_customer(shop: ConnectedShop) -> None:
    page = open_page(shop.pages, "sessions.py", session=sell(shop))
    assert "Open customer" in links(page)


@pytest.mark.parametrize("key", ["cus_forged", HOSTILE, "%"])
def test_somebody_unknown_in_the_address_is_not_found(shop: ConnectedShop, key: str) -> None:
    sell(shop)
    page = open_page(shop.pages, PAGE, customer=key)
    assert page.warning[0].proto.title == "Customer not found"
    assert ids(page)


def test_a_reset_closes_the_drawer(shop: ConnectedShop) -> None:
    sell(shop)
    page = open_page(shop.pages, PAGE, customer=PAYER.email)
    assert "Ledger" in [one.value for one in page.subheader]
    reset(shop.pages, shop.controls)
    run(page)
    assert "customer" not in page.query_params
