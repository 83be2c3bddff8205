"""The filters of the Sessions page through AppTest, on real services in front of the sandbox."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from billing.domain.sessions.checkout_session import WAS_PAID, Kind
from tests.support.browsers.pages import HOSTILE, ids, open_page, press, run, text_of
from tests.support.servers.sales import create_foreign_session, create_session, pay

if TYPE_CHECKING:
    from tests.support.servers.shop import Shop


def test_the_address_filters_and_the_widgets_show_it(shop: Shop) -> None:
    pro, credits_ = create_session(shop, Kind.PRO), pay(shop, create_session(shop, quantity=5))
    page = open_page(
        shop.server, "sessions.py", kind="pro", outcome=["open", "expired"], ours="true"
    )
    assert ids(page) == [pro]
    assert page.pills(key="sessions_source").value == ["page", "api", "test_kit", "demo"]
    assert not page.warning
    assert ids(open_page(shop.server, "sessions.py", q="4.95")) == [credits_]
    assert ids(open_page(shop.server, "sessions.py", outcome="paid")) == [credits_]


@pytest.mark.parametrize(
    ("query", "outcome", "address"),
    [
        ({"outcome": "Open"}, "open", "Open"),
        ({"outcome": ["OPEN", " open"]}, "open", ["OPEN", " open"]),
        ({"kind": "CREDITS", "outcome": "Paid"}, "paid", "Paid"),
        ({"status": "Open"}, "open", ["open", "declined"]),
        ({"status": "complete", "payment_status": "unpaid"}, "", ["processing", "failed"]),
        ({"status": "Complete"}, "paid", ["processing", *WAS_PAID, "failed"]),
        ({"payment": ["Paid", "No payment required"]}, "paid", list(WAS_PAID)),
        (
            {"payment_status": "unpaid"},
            "open",
            ["open", "declined", "processing", "failed", "expired"],
        ),
    ],
)
def test_labels_and_former_parameters_in_a_link_are_understood(
    shop: Shop, query: dict[str, Any], outcome: str, address: str | list[str]
) -> None:
    wanted = {"open": create_session(shop), "paid": pay(shop, create_session(shop))}
    page = open_page(shop.server, "sessions.py", **query)
    assert (ids(page) if page.dataframe else []) == [wanted[outcome] for _ in outcome[:1]]
    assert page.query_params.get("outcome") == address
    assert not {"status", "payment_status", "payment"} & set(page.query_params)
    assert not page.warning


def test_the_address_holds_what_is_selected(shop: Shop) -> None:
    create_session(shop)
    page = open_page(shop.server, "sessions.py", outcome="Paid", kind="Pro plan")
    page.pills(key="sessions_outcome").set_value(["paid", "failed"])
    page = run(page)
    page.pills(key="sessions_kind").set_value([])
    page = run(page)
    assert page.query_params == {"outcome": ["paid", "failed"]}
    assert page.pills(key="sessions_outcome").value == ["paid", "failed"]


def test_a_click_from_an_outdated_address_undoes_no_earlier_click(shop: Shop) -> None:
    create_session(shop)
    page = open_page(shop.server, "sessions.py")
    page.pills(key="sessions_outcome").set_value(["open"])
    page = run(page)
    del page.query_params["outcome"]  # as a browser says that has not heard of it yet
    page.pills(key="sessions_kind").set_value(["pro"])
    page = run(page)
    assert page.query_params == {"outcome": "open", "kind": "pro"}
    assert page.pills(key="sessions_outcome").value == ["open"]


def test_filters_are_restored_on_coming_back_from_another_page(shop: Shop) -> None:
    session_id = create_session(shop)
    pay(shop, create_session(shop))
    page = open_page(shop.server, "sessions.py", outcome="open")
    for name in ("outcome", "session"):
        page.query_params.pop(name, None)  # as a browser does that goes to another page
    page = run(page.switch_page("setup.py"))
    page = run(page.switch_page("sessions.py"))
    assert ids(page) == [session_id]
    assert page.query_params["outcome"] == "open"
    del page.query_params["outcome"]  # as its way back does
    assert len(ids(run(page))) == 2


def test_filters_leave_the_sessions_that_match(shop: Shop) -> None:
    session_id, other = create_session(shop), create_foreign_session(shop, "theirs")
    page = open_page(shop.server, "sessions.py")
    page.pills(key="sessions_source").set_value(["page", "api"])
    assert ids(run(page)) == [session_id]
    page.pills(key="sessions_source").set_value(["other"])
    assert ids(run(page)) == [other]
    page.pills(key="sessions_source").set_value([])
    page.text_input(key="sessions_q").set_value("theirs")
    assert ids(run(page)) == [other]


def test_dates_include_both_days(shop: Shop) -> None:
    session_id = create_session(shop)
    created = shop.stripe.v1.checkout.sessions.retrieve(session_id).created
    today = date.fromtimestamp(created).isoformat()  # noqa: DTZ012 - AppTest has no time zone: UTC
    assert ids(open_page(shop.server, "sessions.py", days=[today, today])) == [session_id]
    assert ids(open_page(shop.server, "sessions.py", days=today)) == [session_id]
    assert "No matching sessions" in text_of(
        open_page(shop.server, "sessions.py", days=["2020-01-01", "2020-02-01"])
    )


def test_one_day_is_in_the_address_twice(shop: Shop) -> None:
    session_id = create_session(shop)
    created = shop.stripe.v1.checkout.sessions.retrieve(session_id).created
    today = date.fromtimestamp(created)  # noqa: DTZ012 - AppTest has no time zone: UTC
    page = open_page(shop.server, "sessions.py")
    page.date_input(key="sessions_days").set_value((today, today))
    assert ids(run(page)) == [session_id]
    assert page.query_params["days"] == [str(today), str(today)]


def test_days_in_the_wrong_order_are_sorted(shop: Shop) -> None:
    session_id = create_session(shop)
    page = open_page(shop.server, "sessions.py", days=["2035-01-01", "2020-01-01"])
    assert ids(page) == [session_id]


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ({"outcome": "bogus"}, "bogus is not a valid outcome"),
        ({"outcome": ["paid", "<b>"]}, "<b> is not a valid outcome"),
        ({"payment_status": ["paid", "payed"]}, "payed is not a valid outcome"),
        ({"days": "yesterday"}, "yesterday is not a valid date"),
        ({"kind": "gold"}, "gold is not a valid kind"),
        ({"source": "elsewhere"}, "elsewhere is not a valid source"),
    ],
)
def test_invalid_values_in_a_link_are_named_and_the_other_filters_apply(
    shop: Shop, query: dict[str, Any], word: str
) -> None:
    session_id = pay(shop, create_session(shop))
    page = open_page(shop.server, "sessions.py", q=session_id, **query)
    assert word in text_of(page).replace("`", "")
    assert ids(page) == [session_id]


def test_filters_that_match_nothing_can_be_cleared(shop: Shop) -> None:
    session_id = create_session(shop)
    page = open_page(
        shop.server,
        "sessions.py",
        q="nobody@nowhere.example",
        outcome=["expired", "?"],
        source="api",
    )
    assert "No matching sessions" in text_of(page)
    page = press(page, "sessions_clear")
    assert ids(page) == [session_id]
    assert "q" not in page.query_params
    assert "outcome" not in page.query_params


@pytest.mark.parametrize(
    "search", [HOSTILE, "'; DROP TABLE events; --", "%", "cs_tes_", "\\", "\x00", "🎉"]
)
def test_any_search_text_is_only_text(shop: Shop, search: str) -> None:
    create_session(shop)
    page = open_page(shop.server, "sessions.py", q=search)
    assert "No matching sessions" in text_of(page)


def test_metadata_of_other_apps_is_found(shop: Shop) -> None:
    create_session(shop)
    session_id = create_foreign_session(shop, HOSTILE)
    page = open_page(shop.server, "sessions.py", q=HOSTILE[:30])
    assert ids(page) == [session_id]
    assert page.dataframe[0].value["what"].iloc[0] == "○ Other payment"
