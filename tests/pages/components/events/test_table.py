"""The table of the Events page through AppTest, on real services in front of the sandbox."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from billing.domain.events.event import EventSource, EventState
from billing.domain.sessions.checkout_session import Kind
from billing.events.log import PAGE_SIZE
from billing.store import events
from tests.pages.components.events.arrivals import counts, show
from tests.support.browsers.pages import open_page, press, rows, run_until, text_of
from tests.support.servers.billing_server import billing_server
from tests.support.servers.deliveries import deliver, event_about
from tests.support.servers.sales import create_session

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.shop import Shop


def test_without_events_the_page_says_what_to_do_first(shop: Shop) -> None:
    page = open_page(shop.server, "events.py")
    assert "Waiting for the first event" in text_of(page)
    assert "No events of payments yet" in text_of(page)
    assert [link.proto.label for link in page.get("page_link")] == ["Create a session"]
    assert not counts(page)
    assert not page.button
    assert not page.text_input
    assert not page.dataframe


def test_a_row_shows_source_deliveries_delay_and_state_of_an_event(shop: Shop) -> None:
    session_id = create_session(shop, Kind.PRO)
    event = event_about(session_id)
    assert deliver(shop, event).ok
    assert deliver(shop, event).ok
    page = open_page(shop.server, "events.py")
    run_until(page, lambda: rows(page)[0]["state"] == ["Handled"])
    (row,) = rows(page)
    assert (row["id"], row["session_id"], row["type"]) == (event["id"], session_id, event["type"])
    assert (row["session"], row["object"]) == ("Pro plan, $99.00", f"cs_…{session_id[-4:]}")
    assert row["source"] == "webhook, twice"
    assert row["delay"].endswith(" s")
    assert "Webhooks are working" in page.success[0].value
    assert "by webhook." in text_of(page)
    assert counts(page) == {
        "Relevant": "1",
        "All": "1",
        "Handled": "1",
        "Pending": "0",
        "Failed": "0",
        "Ignored": "0",
        "Refused": "0",
    }


def test_an_event_of_another_apps_session_is_marked(shop: Shop) -> None:
    price = shop.server.services.settings.price_extra_credit
    ours = create_session(shop, Kind.PRO)
    page = open_page(shop.server, "events.py")
    run_until(page, lambda: "No event" in text_of(page))
    assert deliver(shop, event_about(ours, id="evt_ours")).ok
    run_until(page, lambda: counts(page).get("All") == "1")
    assert "app" not in page.dataframe[0].proto.column_order

    theirs = shop.stripe.v1.checkout.sessions.create(
        {"mode": "payment", "line_items": [{"price": str(price), "quantity": 1}],
         "success_url": "https://other.example/"}
    )  # fmt: skip
    assert deliver(shop, event_about(theirs.id, id="evt_theirs")).ok
    run_until(page, lambda: "app" in page.dataframe[0].proto.column_order)
    apps = {row["id"]: row["app"] for row in rows(page)}
    assert apps == {"evt_ours": None, "evt_theirs": ["Another app"]}
    assert "Another app" in text_of(open_page(shop.server, "events.py", event="evt_theirs"))
    assert "Another app" not in text_of(open_page(shop.server, "events.py", event="evt_ours"))


def test_a_forged_delivery_is_refused_with_its_reason_and_what_to_do(shop: Shop) -> None:
    forged = event_about("cs_test_forged_thing")
    assert deliver(shop, forged, "whsec_of_a_stranger").status_code == 400
    page = open_page(shop.server, "events.py")
    assert page.warning[0].proto.title == "The last delivery was refused"
    assert "The signature does not match" in text_of(page)
    assert "No events of payments yet" in text_of(page)
    assert counts(page)["Refused"] == "1"
    show(page, "refused")
    assert page.query_params["state"] == "refused"
    (row,) = rows(page)
    assert row["reason"] == "The signature does not match."
    assert "Copy the signing secret" in row["next_step"]
    assert "forged" not in f"{text_of(page)} {row}"


def test_without_refused_deliveries_the_page_says_so(shop: Shop) -> None:
    page = open_page(shop.server, "events.py", state="refused")
    assert "No refused deliveries" in text_of(page)
    assert not page.dataframe


def test_a_long_list_has_pages(shop: Shop) -> None:
    now = time.time()

    def record(connection: Any) -> None:
        for number in range(PAGE_SIZE + 2):
            event = event_about("cs_test_1", id=f"evt_{number}")
            events.record(
                connection,
                [
                    events.ReceivedEvent(
                        event, EventSource.WEBHOOK, EventState.HANDLED, now + number
                    )
                ],
            )

    shop.server.portal.call(lambda: shop.server.services.store.write(record))
    page = open_page(shop.server, "events.py")
    assert (len(rows(page)), page.button(key="events_newer").disabled) == (PAGE_SIZE, True)
    press(page, "events_older")
    assert [row["id"] for row in rows(page)] == ["evt_1", "evt_0"]
    assert page.button(key="events_older").disabled
    press(page, "events_newer")
    assert len(rows(page)) == PAGE_SIZE
    press(page, "events_older")
    show(page, "handled")
    assert len(rows(page)) == PAGE_SIZE  # another filter begins at the newest


def test_without_a_webhook_secret_the_page_says_how_to_set_it(shop: Shop) -> None:
    settings = replace(shop.server.services.settings, webhook_secrets=())
    with billing_server(settings) as server:
        page = open_page(server, "events.py")
        assert page.warning[0].proto.title == "Webhooks are not accepted"
        assert "STRIPE_WEBHOOK_SECRET is not set" in text_of(page)
        assert "Set STRIPE_WEBHOOK_SECRET in the environment" in text_of(page)


def test_without_a_database_each_part_of_the_page_says_so(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "a_file").touch()
    url = SecretStr(f"sqlite:///{tmp_path}/a_file/billing.sqlite3")
    with billing_server(replace(shop.server.services.settings, database_url=url)) as server:
        page = open_page(server, "events.py", event="evt_1")
        titles = [alert.proto.title for alert in page.error]
        assert "The state of webhooks could not be loaded" in titles
        assert "The events could not be loaded" in titles
        assert "The event could not be loaded" in titles
