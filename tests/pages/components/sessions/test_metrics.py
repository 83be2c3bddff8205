"""Figures, reasons and chart of the Sessions page through AppTest, in front of the sandbox."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from billing.store import sessions
from tests.support.browsers.pages import ids, metrics, open_page, press, run, text_of
from tests.support.database.stored import copies
from tests.support.stripe_account import session_object

if TYPE_CHECKING:
    from tests.support.servers.shop import Shop

DAY = 86_400
OPEN = {"status": "open"}
EXPIRED = {"status": "expired"}
PAID = {"status": "complete", "payment_status": "paid"}
LEFT_OUT = "Figures leave out Test kit and demo sessions."
DECLINED: dict[str, Any] = {"failure": "Declined.", "failure_code": "insufficient_funds"}


def store(
    shop: Shop, number: int, state: dict[str, str], source: str = "api", age: int = 0, **known: Any
) -> str:
    """Store a session that is so many seconds old; its id."""
    session = session_object(number, "credits", 1, int(time.time()) - age) | state
    session["metadata"]["source"] = source
    write = partial(sessions.upsert_sessions, batches=[copies([session], **known)])
    shop.server.portal.call(partial(shop.server.services.store.write, write))
    return str(session["id"])


def test_figures_leave_out_tests_and_demo_data_until_they_are_asked_for(shop: Shop) -> None:
    theirs = [store(shop, 1, PAID, "test_kit"), store(shop, 2, OPEN, "demo")]
    ours = store(shop, 3, PAID)
    page = open_page(shop.server, "sessions.py")
    assert set(ids(page)) == {*theirs, ours}
    assert (metrics(page)["Created"], metrics(page)["Conversion"]) == ("1", "100.0%")
    assert LEFT_OUT in text_of(page)
    press(page, "include_all_sources")
    run(page)
    assert (metrics(page)["Created"], metrics(page)["Conversion"]) == ("3", "66.7%")
    assert LEFT_OUT not in text_of(page)
    page = open_page(shop.server, "sessions.py", source="demo")
    assert ids(page) == [theirs[1]]
    assert metrics(page)["Created"] == "1"


def test_where_there_is_nothing_else_figures_cover_demo_data_and_say_so(shop: Shop) -> None:
    store(shop, 1, PAID, "demo")
    page = open_page(shop.server, "sessions.py")
    assert metrics(page)["Created"] == "1"
    assert "All of these are from the Test kit or demo data." in text_of(page)


def test_figures_stay_meaningful_whatever_outcome_is_chosen(shop: Shop) -> None:
    store(shop, 1, PAID)
    shown = store(shop, 2, OPEN)
    page = open_page(shop.server, "sessions.py", outcome="open")
    assert ids(page) == [shown]
    assert metrics(page)["Conversion"] == "50.0%"


def test_a_period_shows_its_figures_beside_those_of_the_period_before(shop: Shop) -> None:
    recent = {store(shop, 1, PAID), store(shop, 2, OPEN)}
    store(shop, 3, PAID, age=8 * DAY)
    page = open_page(shop.server, "sessions.py", period="7d")
    assert set(ids(page)) == recent
    shown = {one.label: (one.value, one.delta) for one in page.metric}
    assert shown["Created"] == ("2", "1")
    assert shown["Paid"] == ("1", "0")
    assert shown["Conversion"] == ("50.0%", "-50.0 pp")
    page.pills(key="sessions_period").set_value(None)
    page = run(page)
    assert "period" not in page.query_params
    assert {one.delta for one in page.metric} == {""}


def test_revenue_is_net_with_gross_beside_it_where_money_went_back(shop: Shop) -> None:
    ids = [store(shop, number, PAID) for number in range(3)]
    page = open_page(shop.server, "sessions.py")
    assert metrics(page)["Revenue, USD"] == "$2.97"
    amounts = {ids[0]: (99, 0), ids[1]: (0, 99)}
    write = partial(sessions.record_reversals, amounts=amounts)
    shop.server.portal.call(partial(shop.server.services.store.write, write))
    page = open_page(shop.server, "sessions.py")
    assert metrics(page)["Net revenue, USD"] == "$0.99"
    assert metrics(page)["Gross revenue, USD"] == "$2.97"
    assert metrics(page)["Paid"] == "3"
    page = open_page(shop.server, "sessions.py", outcome="disputed")
    assert set(page.dataframe[0].value["id"]) == {ids[1]}


def test_reasons_and_what_wants_attention_are_counted_and_filter(shop: Shop) -> None:
    declined = store(shop, 1, OPEN, **DECLINED)
    expired = store(shop, 2, EXPIRED, **DECLINED)
    abandoned = store(shop, 3, EXPIRED)
    not_granted = store(shop, 4, PAID)
    page = open_page(shop.server, "sessions.py")
    assert page.pills(key="session_reasons").options == [
        *("Insufficient funds 2", "Abandoned 1", "Expired after a decline 1"),
    ]
    assert page.pills(key="session_attention").options == [
        *("Declined and still open 1", "Paid, not granted 1"),
    ]
    for key, reason, found in (
        ("session_reasons", "insufficient_funds", {declined, expired}),
        ("session_reasons", "abandoned", {abandoned}),
        ("session_attention", "not_granted", {not_granted}),
    ):
        page.pills(key=key).set_value(reason)
        page = run(run(page))
        assert set(ids(page)) == found
        assert page.query_params["reason"] == reason
    page = press(page, "sessions_clear")
    assert len(ids(run(page))) == 4


def test_an_entry_of_the_legend_filters_and_pressed_again_does_not(shop: Shop) -> None:
    paid = store(shop, 1, PAID)
    store(shop, 2, OPEN)
    page = open_page(shop.server, "sessions.py")
    page = run(press(page, "legend_paid"))
    assert ids(page) == [paid]
    assert page.query_params["outcome"] == "paid"
    page = run(press(page, "legend_paid"))
    assert len(ids(page)) == 2
