"""The recent sessions of the billing page through AppTest, in front of the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.domain.sessions.checkout_session import Kind
from billing.domain.sessions.source import Source
from pages.components.billing.recent_sessions import SESSIONS_SHOWN
from tests.support.browsers.pages import ids, open_page, run_until, text_of
from tests.support.servers.sales import create_session

if TYPE_CHECKING:
    from tests.support.servers.shop import Shop


def create(shop: Shop, source: Source) -> str:
    checkout = shop.services.checkout
    return shop.server.portal.call(
        lambda: checkout.create(Kind.CREDITS, made_by="test", source=source)
    ).id


def test_tests_and_demo_data_are_left_out_unless_asked_for(shop: Shop) -> None:
    of_the_test_kit = create(shop, Source.TEST_KIT)
    assert ids(open_page(shop.server)) == [of_the_test_kit]  # there are no others
    here, of_the_api = create(shop, Source.PAGE), create(shop, Source.API)
    page = open_page(shop.server)
    assert set(ids(page)) == {here, of_the_api}
    page.toggle(key="recent_with_tests").set_value(True).run()
    assert set(ids(page)) == {here, of_the_api, of_the_test_kit}


def test_the_newest_are_shown_and_a_link_leads_to_all(shop: Shop) -> None:
    for _ in range(SESSIONS_SHOWN + 1):
        create_session(shop)
    page = open_page(shop.server)
    assert len(ids(page)) == SESSIONS_SHOWN
    assert "All sessions →" in [link.proto.label for link in page.get("page_link")]


def test_where_there_is_no_session_the_page_says_what_makes_one(shop: Shop) -> None:
    page = open_page(shop.server)
    run_until(page, lambda: "No sessions yet" in text_of(page))
