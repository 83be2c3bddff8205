"""The session's drawer through AppTest, on real services in front of the sandbox."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

import pytest
from streamlit.testing.v1 import AppTest

from billing.domain.events.event import EventSource, EventState
from billing.store import events
from pages.components.sessions.actions import qr_code
from stripe_sandbox.payments.checkout import Payer
from tests.support.browsers.pages import HOSTILE, ids, open_page, press, text_of
from tests.support.servers.after_sale import look, payment_of, refund, sell
from tests.support.servers.billing_server import billing_server
from tests.support.servers.sales import GOOD_CARD, create_foreign_session, create_session, pay
from tests.support.servers.settings import working_settings
from tests.support.stripe_account import (
    DOWN,
    REQUEST_ID,
    StripeAccount,
    always,
    event_object,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.shop import Shop


def buttons(page: AppTest) -> list[str]:
    return [button.label for button in page.button]


def test_while_stripe_fails_the_stored_session_is_shown_with_the_failure(
    tmp_path: Path, shop: Shop, account: StripeAccount
) -> None:
    session_id = create_session(shop)
    shop.server.portal.call(shop.server.services.mirror.state)
    account.faults = DOWN
    database = shop.server.services.settings.database_url
    settings = working_settings(tmp_path, account.url, database_url=database)
    with billing_server(settings) as server:
        page = open_page(server, "sessions.py", session=session_id)
        assert session_id in ids(page)
        assert "Can't reach Stripe. Showing saved data" in text_of(page)
        assert REQUEST_ID in text_of(page)
        assert "could not be loaded from Stripe" in text_of(page)
        assert "load_again" in [button.key for button in page.button]


def test_duplicating_again_after_a_refusal_uses_another_idempotency_key(
    tmp_path: Path, shop: Shop, account: StripeAccount
) -> None:
    session_id = create_session(shop)
    shop.server.portal.call(shop.server.services.mirror.state)
    account.faults = always("rate_limited")
    database = shop.server.services.settings.database_url
    settings = working_settings(tmp_path, account.url, database_url=database)
    with billing_server(settings) as server:
        page = open_page(server, "sessions.py", session=session_id)
        for _ in range(2):
            page = press(page, "duplicate")
            assert "Wait a few seconds" in text_of(page)
    assert len(set(account.idempotency_keys)) == len(account.idempotency_keys) == 2


def test_the_drawer_shows_link_actions_timeline_and_line_items(shop: Shop) -> None:
    session_id = create_session(shop, quantity=5, made_by=HOSTILE)
    page = open_page(shop.server, "sessions.py", session=session_id)
    assert page.code[0].value == session_id
    assert page.get("link_button")[0].proto.url.startswith(
        shop.server.services.settings.api_base or "-"
    )
    for label in ("Expire…", "Duplicate"):
        assert label in buttons(page)
    text = text_of(page)
    assert f"Created by {' '.join(HOSTILE.split())}" in text
    assert "Open until" in text
    assert "Waiting for a payment" in text
    items = page.dataframe[1].value
    assert items.to_dict("records") == [
        {"description": "Credit", "quantity": 5, "unit_price": "$0.99", "total": "$4.95"}
    ]


def test_the_drawer_says_what_went_back_and_its_timeline_what_that_took(shop: Shop) -> None:
    session_id = sell(shop)
    refund(shop, payment_of(shop, session_id), amount=297)
    look(shop, payment_of(shop, session_id))
    text = text_of(open_page(shop.server, "sessions.py", session=session_id))
    for said in (
        "◑ Partly refunded",
        "$2.97 refunded",
        "**Refund created** $2.97",
        "**\N{MINUS SIGN}3 credits** refund",
    ):
        assert said in text


def test_who_created_it_is_shown_as_text(shop: Shop) -> None:
    page = open_page(shop.server, "sessions.py", session=create_session(shop, made_by=HOSTILE))
    (label,) = [block.label for block in page.expander if "Created by" in block.label]
    for active in ("<b>", ":red[", "](https", ":material/delete:", "$y$", "`c`"):
        assert active not in label


def test_a_paid_session_has_no_link_and_cannot_be_expired(shop: Shop) -> None:
    page = open_page(shop.server, "sessions.py", session=pay(shop, create_session(shop)))
    assert "Expire…" not in buttons(page)
    assert not page.get("link_button")
    assert "Granted: 1 extra credit" in text_of(page)
    assert "Session closed" in text_of(page)


def test_expiring_asks_first(shop: Shop) -> None:
    session_id = create_session(shop)
    page = press(open_page(shop.server, "sessions.py", session=session_id), "expire")
    assert shop.stripe.v1.checkout.sessions.retrieve(session_id).status == "open"
    page = press(page, "keep_open")
    assert "Expire session" not in buttons(page)
    page = press(press(page, "expire"), "expire_now")
    assert shop.stripe.v1.checkout.sessions.retrieve(session_id).status == "expired"
    assert "The session was expired" in text_of(page)
    assert "Expire…" not in buttons(page)


def test_expiring_a_session_that_was_paid_meanwhile_says_so(shop: Shop) -> None:
    session_id = create_session(shop)
    page = press(open_page(shop.server, "sessions.py", session=session_id), "expire")
    shop.sandbox.payments.pay(session_id, GOOD_CARD, Payer("other@example.com", "Other"))
    page = press(page, "expire_now")
    assert "This session is no longer open: it was paid in the meantime." in text_of(page)
    assert "Complete" in text_of(page)


def test_duplicate_opens_the_new_session(shop: Shop) -> None:
    session_id = create_session(shop, quantity=7)
    page = press(open_page(shop.server, "sessions.py", session=session_id), "duplicate")
    (new,) = {one.id for one in shop.stripe.v1.checkout.sessions.list().data} - {session_id}
    assert page.query_params["session"] == new
    assert page.code[0].value == new
    assert f"Created as a duplicate of `{session_id}`" in text_of(page)


def test_another_apps_session_is_marked_and_cannot_be_duplicated(shop: Shop) -> None:
    page = open_page(shop.server, "sessions.py", session=create_foreign_session(shop, HOSTILE))
    assert "Another app" in text_of(page)
    assert "Duplicate" not in buttons(page)
    assert "Expire…" in buttons(page)


@pytest.mark.parametrize("session_id", ["cs_test_ofAnotherAccount", "cs_live_x", "<b>x</b>", "%"])
def test_an_unknown_session_in_the_address_is_not_found(shop: Shop, session_id: str) -> None:
    mine = create_session(shop)
    page = open_page(shop.server, "sessions.py", session=session_id)
    assert page.warning[0].proto.title == "Session not found"
    assert ids(page) == [mine]


def test_the_qr_code_is_dark_on_white_in_every_theme() -> None:
    drawing = qr_code("https://checkout.stripe.com/c/pay/cs_test_" + "a" * 400)
    assert drawing.startswith("<svg")
    assert "#fff" in drawing
    assert "#000" in drawing


@pytest.mark.parametrize("event", ["event of 2017", "event without a payment status"])
def test_the_timeline_shows_events_of_other_api_versions(shop: Shop, event: str) -> None:
    session_id = pay(shop, create_session(shop))
    told = dict(shop.stripe.v1.checkout.sessions.retrieve(session_id).to_dict())
    sent = event_object("evt_odd", "completed", told)
    if event == "event of 2017":
        sent |= {"api_version": "2017-06-05", "request": "req_of_2017"}
        told["payments"] = None
    else:
        sent["api_version"] = "2019-03-14"
        for name in ("status", "payment_status"):
            del told[name]
    arrival = events.ReceivedEvent(sent, EventSource.WEBHOOK, EventState.HANDLED, time.time())
    record = partial(events.record, arrivals=[arrival])
    shop.server.portal.call(lambda: shop.server.services.store.write(record))
    text = text_of(open_page(shop.server, "sessions.py", session=session_id))
    assert "Checkout completed" in text
    assert "No payment was required" not in text
    assert ("req_of_2017" in text) is (event == "event of 2017")
