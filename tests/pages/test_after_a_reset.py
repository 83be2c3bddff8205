"""What a browser tab shows of a session or an event disappears once a reset has deleted it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from billing.domain.events.event import EventFilter
from billing.domain.sessions.checkout_session import Kind
from pages.components.test_kit.demo_data import reset
from tests.support.browsers.pages import open_page, run
from tests.support.servers.shop import ConnectedShop, connected_shop
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConnectedShop]:
    with connected_shop(tmp_path_factory.mktemp("shop")) as running:
        yield running


def created(shop: ConnectedShop) -> str:
    checkout = shop.services.checkout
    return shop.pages.call(lambda: checkout.create(Kind.CREDITS, 1, made_by="test")).id


def test_a_reset_removes_the_checkout_link(shop: ConnectedShop) -> None:
    page = open_page(shop.pages, "billing.py")
    page.button(key="pay_pro").click()
    assert run(page).get("link_button")
    reset(shop.pages, shop.controls)
    run(page)
    assert not page.get("link_button")
    assert not page.button(key="pay_pro").disabled


@pytest.mark.parametrize("name", ["billing.py", "sessions.py"])
def test_a_reset_closes_the_drawer_of_a_session(shop: ConnectedShop, name: str) -> None:
    session_id = created(shop)
    page = open_page(shop.pages, name, session=session_id)
    assert session_id in [code.value for code in page.code]
    reset(shop.pages, shop.controls)
    run(page)
    assert not page.code
    assert "session" not in page.query_params


def test_a_reset_closes_the_drawer_of_an_event(shop: ConnectedShop) -> None:
    shop.controls.pay(created(shop), email="payer@example.com", card="4242424242424242")
    events = shop.services.event_log

    def newest() -> str:
        found = shop.pages.call(lambda: events.find(EventFilter(), None)).page.events
        return found[0].id if found else ""

    wait_for(newest)
    page = open_page(shop.pages, "events.py", event=newest())
    assert page.json
    reset(shop.pages, shop.controls)
    run(page)
    assert "event" not in page.query_params
