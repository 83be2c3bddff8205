"""The filters of the Events page through AppTest, on real services in front of the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.pages.components.events.arrivals import counts, deliver_several, show
from tests.support.browsers.pages import HOSTILE, open_page, press, rows, run, run_until, text_of

if TYPE_CHECKING:
    from tests.support.servers.shop import Shop


def test_the_address_filters(shop: Shop) -> None:
    failed, ignored, polled = (event["id"] for event in deliver_several(shop))

    def shown(**query: str) -> list[str]:
        return [row["id"] for row in rows(open_page(shop.server, "events.py", **query))]

    page = open_page(shop.server, "events.py")
    run_until(page, lambda: counts(page)["Failed"] == "1")
    assert shown() == [failed]
    assert shown(state="all") == [polled, ignored, failed]
    assert shown(state="failed") == [failed]
    assert shown(by="webhook", state="all") == [ignored, failed]
    assert shown(by="poll", state="all") == [polled]
    assert shown(type="invoice.created") == [ignored]
    assert shown(about="cs_test_unknown") == [failed]
    assert shown(about=polled, state="ignored") == [polled]


def test_the_address_holds_what_is_selected_until_it_is_cleared(shop: Shop) -> None:
    deliver_several(shop)
    page = open_page(shop.server, "events.py")
    page.text_input(key="events_about").set_value(" in_1 ").run()
    page.selectbox(key="events_type").set_value("invoice.created").run()
    page.selectbox(key="events_by").set_value("webhook").run()
    show(page, "ignored")
    assert page.query_params == {
        "about": "in_1",
        "type": "invoice.created",
        "by": "webhook",
        "state": "ignored",
    }
    assert [row["object"] for row in rows(page)] == ["in_1"]
    show(page, "handled")
    assert "There is no handled event of type `invoice.created` about `in_1`" in text_of(page)
    press(page, "events_clear")
    assert not page.query_params
    assert page.text_input(key="events_about").value == ""
    assert len(rows(page)) == 1


def test_invalid_values_in_a_link_are_named_and_ignored(shop: Shop) -> None:
    deliver_several(shop)
    page = open_page(shop.server, "events.py", state=HOSTILE, by="'; DROP TABLE events; --")
    (alert,) = page.warning
    assert alert.proto.title == "Unknown filter in the link"
    assert f"`` {HOSTILE[:60]} `` is not a valid state" in alert.value
    assert "`'; DROP TABLE events; --` is not a valid source" in alert.value
    assert len(rows(page)) == 1
    show(page, "failed")
    assert "valid state" not in page.warning[0].value  # what ?by= says is still there


@pytest.mark.parametrize("text", [HOSTILE, "50%_'\"", "a\x00b", "🎈", "x" * 5000])
def test_any_filter_text_is_only_text(shop: Shop, text: str) -> None:
    deliver_several(shop)
    page = open_page(shop.server, "events.py", about=text, type=text)
    assert "There is no event of type" in page.info[-1].value
    assert not page.dataframe


def test_filters_are_restored_on_coming_back_from_another_page(shop: Shop) -> None:
    deliver_several(shop)
    page = open_page(shop.server, "events.py", state="ignored", by="webhook")
    page.query_params.clear()  # as a browser does that goes to another page
    run(page.switch_page("setup.py"))
    run(page.switch_page("events.py"))
    assert page.query_params == {"state": "ignored", "by": "webhook"}
    assert [row["object"] for row in rows(page)] == ["in_1"]
