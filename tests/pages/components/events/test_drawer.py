"""The event's drawer through AppTest, on real services in front of the sandbox."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from billing.domain.sessions.checkout_session import Kind
from tests.pages.components.events.arrivals import counts, deliver_several
from tests.support.browsers.pages import HOSTILE, open_page, press, rows, run_until, text_of
from tests.support.servers.deliveries import deliver, event_about
from tests.support.servers.sales import create_session

if TYPE_CHECKING:
    from tests.support.servers.shop import Shop


def test_the_drawer_shows_the_facts_of_an_event_and_its_json(shop: Shop) -> None:
    session_id = create_session(shop, Kind.PRO)
    event = event_about(session_id)
    deliver(shop, event)
    page = open_page(shop.server, "events.py", event=event["id"])
    run_until(page, lambda: ":green-badge[Handled]" in text_of(page))
    assert json.loads(page.json[0].value) == event
    facts = page.table[0].value.iloc[:, 0].to_dict()
    assert [code.value for code in page.code] == [event["id"], session_id]
    assert facts["Session"].replace("\\", "") == "Pro plan, $99.00"
    assert facts["Attempts"] == "1"
    assert "later" in facts["Arrived"]
    (link,) = page.get("page_link")
    assert (link.proto.page, link.proto.query_string) == ("sessions", f"session={session_id}")
    page.menu_button(key="more").click("Replay")
    run_until(page, lambda: page.table[0].value.iloc[:, 0]["Attempts"] == "2")


def test_a_failed_event_shows_its_error_and_is_replayed_with_all_that_failed(shop: Shop) -> None:
    failed, *_ = deliver_several(shop)
    page = open_page(shop.server, "events.py")
    run_until(page, lambda: counts(page)["Failed"] == "1")
    assert page.button(key="replay_all").label == "Replay all failed events (1)"
    drawer = open_page(shop.server, "events.py", event=failed["id"])
    assert drawer.error[0].proto.title == "Handling failed"
    assert "Not retried automatically." in drawer.error[0].value
    press(page, "replay_all")
    assert any(re.fullmatch(r"1 replayed at [\d:]+", one.value) for one in page.caption)

    def tries() -> str:
        drawer.run()
        return str(drawer.table[0].value.iloc[:, 0]["Attempts"])

    run_until(page, lambda: tries() == "2")


def test_an_ignored_event_cannot_be_replayed(shop: Shop) -> None:
    _, ignored, _ = deliver_several(shop)
    page = open_page(shop.server, "events.py", event=ignored["id"])
    assert "replay" not in {button.key for button in page.button}
    assert "more" not in {menu.key for menu in page.menu_button}
    assert (
        page.table[0].value.iloc[:, 0]["Attempts"].startswith("None: this app does not handle it")
    )
    assert not page.get("page_link")
    assert any("its payload is not stored" in one.value for one in page.caption)
    assert json.loads(page.json[0].value)["data"]["object"]["id"] == "in_1"


def test_an_unknown_event_in_the_address_is_not_found(shop: Shop) -> None:
    page = open_page(shop.server, "events.py", event=HOSTILE)
    (alert,) = page.warning
    assert alert.proto.title == "Event not found"
    assert f"`` {HOSTILE} ``" in alert.value


def test_what_others_wrote_into_an_event_is_shown_as_text(shop: Shop) -> None:
    event = event_about(HOSTILE, created=2**39)
    assert deliver(shop, event).ok
    page = open_page(shop.server, "events.py", event=event["id"])
    facts = page.table[0].value.iloc[:, 0].to_dict()
    assert page.code[1].value == HOSTILE
    assert facts["Created"] == "Unix time 549,755,813,888"
    assert rows(page)[0]["delay"].startswith("−")  # noqa: RUF001 - the minus of print
    assert json.loads(page.json[0].value) == event


def test_an_event_and_its_object_may_be_called_what_streamlit_keeps_for_itself(shop: Shop) -> None:
    assert deliver(shop, event_about("cs__test__1", id="evt_1__2")).ok
    page = open_page(shop.server, "events.py", event="evt_1__2")
    assert "**checkout.session.completed**" in text_of(page)
