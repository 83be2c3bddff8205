"""The Sessions page through AppTest, on real services in front of the sandbox."""

from __future__ import annotations

import csv
import io
import json
import re
import time
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from streamlit.testing.v1 import AppTest

from billing.domain.checkout_session import Kind
from billing.domain.session_filter import SessionFilter
from billing.store import events, sessions
from pages.components.sessions.actions import qr_code
from pages.components.sessions.table import PAGE_SIZE
from pages.scenarios.sandbox_client import Controls
from pages.services import hand_over
from stripe_sandbox.payments.checkout import Card, Payer
from tests.support.billing_server import BillingServer, billing_server
from tests.support.settings import working_settings
from tests.support.stored import copies
from tests.support.stripe_account import (
    DOWN,
    REQUEST_ID,
    StripeAccount,
    always,
    event_object,
    session_object,
)

if TYPE_CHECKING:
    from tests.support.shop import Shop

FRAME = Path(__file__).parents[2] / "pages/dashboard.py"
PAID = {"status": "complete", "payment_status": "paid"}
GOOD_CARD = Card("4242424242424242", 12, 2040, "123")
HOSTILE = "<b>:red[x]</b> $y$ [a](https://x) `c` % _ ' \" :material/delete: 🎉"


def opened(server: BillingServer, **query: str | list[str]) -> AppTest:
    hand_over(server.services, server.portal)
    page = AppTest.from_file(str(FRAME), default_timeout=30).run().switch_page("sessions.py")
    for name, value in query.items():
        page.query_params[name] = value
    return ran(page)


def ran(page: AppTest) -> AppTest:
    page.run()
    assert not page.exception
    return page


def pressed(page: AppTest, button: str) -> AppTest:
    page.button(key=button).click()
    return ran(page)


def said(page: AppTest) -> str:
    """All text of the page, without the signs that keep Markdown from acting on it."""
    alerts = [*page.success, *page.info, *page.warning, *page.error]
    texts = [f"{alert.proto.title} {alert.value}" for alert in alerts]
    texts += [element.value for element in (*page.markdown, *page.caption)]
    texts += [block.label for block in page.expander]
    return " ".join(texts).replace("\\", "").replace("\u2060", "")


def ids(page: AppTest) -> list[str]:
    """The sessions in the table, from the top."""
    return list(page.dataframe[0].value["id"])


def metrics(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value.replace("\\", "") for metric in page.metric}


def buttons(page: AppTest) -> list[str]:
    return [button.label for button in page.button]


def made(shop: Shop, kind: Kind = Kind.CREDITS, quantity: int = 1) -> str:
    checkout = shop.server.services.checkout
    return shop.server.portal.call(lambda: checkout.create(kind, quantity, made_by=HOSTILE)).id


def foreign(shop: Shop, note: str) -> str:
    price = shop.server.services.settings.price_extra_credit or ""
    session = shop.stripe.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "line_items": [{"price": price, "quantity": 1}],
            "success_url": "https://example.com",
            "customer_email": "somebody@other.example",
            "metadata": {"note": note},
        }
    )
    shop.server.portal.call(
        lambda: shop.server.services.fulfillment.refresh_and_grant(session.id, cause="return")
    )
    return session.id


def paid(shop: Shop, session_id: str, email: str = "tester@example.com") -> str:
    shop.sandbox.payments.pay(session_id, GOOD_CARD, Payer(email, "Test Customer"))
    shop.server.portal.call(
        lambda: shop.server.services.fulfillment.refresh_and_grant(session_id, cause="return")
    )
    return session_id


# The table and the numbers ------------------------------------------------------------------


def test_with_no_session_the_page_says_what_to_do_first(shop: Shop) -> None:
    page = opened(shop.server)
    assert "No sessions yet" in said(page)
    assert "Press PAY WITH CARD" in said(page)
    assert not page.metric
    assert not page.dataframe


def test_the_numbers_and_rows_tell_what_there_is(shop: Shop) -> None:
    one, two = paid(shop, made(shop, Kind.PRO)), made(shop, quantity=5)
    page = opened(shop.server)
    assert set(ids(page)) == {one, two}
    found = metrics(page)
    assert (found["Created"], found["Paid"], found["Conversion"]) == ("2", "1", "50.0%")
    assert found["Revenue, USD"] == "$99"
    assert "Sessions per day" in str(page.get("echarts_chart")[0].proto)


def test_the_address_filters_and_the_widgets_show_it(shop: Shop) -> None:
    pro, credits_ = made(shop, Kind.PRO), paid(shop, made(shop, quantity=5))
    page = opened(shop.server, kind="pro", outcome=["open", "expired"], ours="true")
    assert ids(page) == [pro]
    assert page.toggle(key="sessions_ours").value is True
    assert not page.warning
    assert ids(opened(shop.server, q="4.95")) == [credits_]
    assert ids(opened(shop.server, outcome="paid")) == [credits_]


@pytest.mark.parametrize(
    ("query", "outcome", "address"),
    [
        ({"outcome": "Open"}, "open", "Open"),
        ({"outcome": ["OPEN", " open"]}, "open", ["OPEN", " open"]),
        ({"kind": "CREDITS", "outcome": "Paid"}, "paid", "Paid"),
        ({"status": "Open"}, "open", "open"),
        ({"status": "complete", "payment_status": "unpaid"}, "", ["processing", "failed"]),
        ({"status": "Complete"}, "paid", ["processing", "paid", "failed"]),
        ({"payment": ["Paid", "No payment required"]}, "paid", "paid"),
        ({"payment_status": "unpaid"}, "open", ["open", "processing", "failed", "expired"]),
    ],
)
def test_words_of_people_and_of_old_links_are_understood(
    shop: Shop, query: dict[str, Any], outcome: str, address: str | list[str]
) -> None:
    wanted = {"open": made(shop), "paid": paid(shop, made(shop))}
    page = opened(shop.server, **query)
    assert (ids(page) if page.dataframe else []) == [wanted[outcome] for _ in outcome[:1]]
    assert page.query_params.get("outcome") == address
    assert not {"status", "payment_status", "payment"} & set(page.query_params)
    assert not page.warning


def test_the_page_writes_what_is_chosen_into_the_address(shop: Shop) -> None:
    page = opened(shop.server, outcome="Paid", kind="Pro plan")
    page.pills(key="sessions_outcome").set_value(["paid", "failed"])
    page = ran(page)
    page.pills(key="sessions_kind").set_value([])
    page = ran(page)
    assert page.query_params == {"outcome": ["paid", "failed"]}
    assert page.pills(key="sessions_outcome").value == ["paid", "failed"]


def test_a_click_from_an_address_that_is_behind_undoes_no_earlier_click(shop: Shop) -> None:
    page = opened(shop.server)
    page.pills(key="sessions_outcome").set_value(["open"])
    page = ran(page)
    del page.query_params["outcome"]  # as a browser says that has not heard of it yet
    page.pills(key="sessions_kind").set_value(["pro"])
    page = ran(page)
    assert page.query_params == {"outcome": "open", "kind": "pro"}
    assert page.pills(key="sessions_outcome").value == ["open"]


def test_filters_are_kept_while_another_page_is_looked_at(shop: Shop) -> None:
    session_id = made(shop)
    paid(shop, made(shop))
    page = opened(shop.server, outcome="open")
    for name in ("outcome", "session"):
        page.query_params.pop(name, None)  # as a browser does that goes to another page
    page = ran(page.switch_page("setup.py"))
    page = ran(page.switch_page("sessions.py"))
    assert ids(page) == [session_id]
    assert page.query_params["outcome"] == "open"
    del page.query_params["outcome"]  # as its way back does
    assert len(ids(ran(page))) == 2


def test_choosing_filters_leaves_the_sessions_that_match(shop: Shop) -> None:
    session_id, other = made(shop), foreign(shop, "theirs")
    page = opened(shop.server)
    page.toggle(key="sessions_ours").set_value(True)
    assert ids(ran(page)) == [session_id]
    page.toggle(key="sessions_ours").set_value(False)
    page.text_input(key="sessions_q").set_value("theirs")
    assert ids(ran(page)) == [other]


def test_dates_include_both_days(shop: Shop) -> None:
    session_id = made(shop)
    created = shop.stripe.v1.checkout.sessions.retrieve(session_id).created
    today = date.fromtimestamp(created).isoformat()  # noqa: DTZ012 - AppTest has no time zone: UTC
    assert ids(opened(shop.server, days=[today, today])) == [session_id]
    assert ids(opened(shop.server, days=today)) == [session_id]
    assert "No matching sessions" in said(opened(shop.server, days=["2020-01-01", "2020-02-01"]))


def test_one_day_stands_in_the_address_as_its_first_and_its_last(shop: Shop) -> None:
    session_id = made(shop)
    created = shop.stripe.v1.checkout.sessions.retrieve(session_id).created
    today = date.fromtimestamp(created)  # noqa: DTZ012 - AppTest has no time zone: UTC
    page = opened(shop.server)
    page.date_input(key="sessions_days").set_value((today, today))
    assert ids(ran(page)) == [session_id]
    assert page.query_params["days"] == [str(today), str(today)]


def test_days_in_the_wrong_order_are_put_right(shop: Shop) -> None:
    session_id = made(shop)
    page = opened(shop.server, days=["2035-01-01", "2020-01-01"])
    assert ids(page) == [session_id]


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ({"outcome": "bogus"}, "bogus is not a valid outcome"),
        ({"outcome": ["paid", "<b>"]}, "<b> is not a valid outcome"),
        ({"payment_status": ["paid", "payed"]}, "payed is not a valid outcome"),
        ({"days": "yesterday"}, "yesterday is not a valid date"),
        ({"kind": "gold"}, "gold is not a valid kind"),
        ({"ours": "perhaps"}, "perhaps is not a valid app filter"),
    ],
)
def test_an_address_that_makes_no_sense_gets_a_word_and_the_rest_of_it_holds(
    shop: Shop, query: dict[str, Any], word: str
) -> None:
    session_id = paid(shop, made(shop))
    page = opened(shop.server, q=session_id, **query)
    assert word in said(page).replace("`", "")
    assert ids(page) == [session_id]


def test_filters_that_match_nothing_can_be_cleared(shop: Shop) -> None:
    session_id = made(shop)
    page = opened(shop.server, q="nobody@nowhere.example", outcome=["expired", "?"], ours="true")
    assert "No matching sessions" in said(page)
    page = pressed(page, "sessions_clear")
    assert ids(page) == [session_id]
    assert "q" not in page.query_params
    assert "outcome" not in page.query_params


@pytest.mark.parametrize(
    "search", [HOSTILE, "'; DROP TABLE events; --", "%", "_", "\\", "\x00", "🎉"]
)
def test_any_search_text_is_only_text(shop: Shop, search: str) -> None:
    made(shop)
    page = opened(shop.server, q=search)
    assert "No matching sessions" in said(page)


def test_metadata_of_others_is_found_and_shown_as_text(shop: Shop) -> None:
    made(shop)
    session_id = foreign(shop, HOSTILE)
    page = opened(shop.server, q=HOSTILE[:30])
    assert ids(page) == [session_id]
    assert page.dataframe[0].value["what"].iloc[0] == "Other payment"


def failed(shop: Shop, session_id: str) -> str:
    """The session, once its bank debit has failed and no event of that came here."""
    services = shop.server.services
    controls = Controls(f"{services.settings.api_base}/_control")
    controls.pay(session_id, email="tester@example.com", bank_account="000111111116")
    controls.advance(60)
    shop.server.portal.call(
        lambda: services.fulfillment.refresh_and_grant(session_id, cause="return")
    )
    return session_id


def test_a_failed_debit_is_one_in_table_filter_numbers_chart_drawer_and_file(shop: Shop) -> None:
    session_id = failed(shop, made(shop, quantity=3))
    paid(shop, made(shop))
    page = opened(shop.server, outcome="failed", session=session_id)
    assert ids(page) == [session_id]
    assert list(page.dataframe[0].value["outcome"]) == [["Failed"]]
    assert (metrics(page)["Created"], metrics(page)["Paid"]) == ("1", "0")
    assert '"Failed"' in str(page.get("echarts_chart")[0].proto).replace("\\", "")
    text = said(page)
    assert ":red-badge[Failed]" in text
    for words in ("Status Complete, payment status Unpaid", "no_account", "Delayed payment failed"):
        assert words in text
    export = shop.server.services.sessions.as_csv
    exported = shop.server.portal.call(lambda: export(SessionFilter())).decode("utf-8-sig")
    (row,) = [row for row in csv.DictReader(io.StringIO(exported)) if row["id"] == session_id]
    assert row["outcome"] == "failed"
    assert "no_account" in row["failure"]


@pytest.mark.parametrize("event", ["event of 2017", "event without a payment status"])
def test_events_of_other_api_versions_open_in_the_drawer_of_their_session(
    shop: Shop, event: str
) -> None:
    session_id = paid(shop, made(shop))
    told = dict(shop.stripe.v1.checkout.sessions.retrieve(session_id).to_dict())
    sent = event_object("evt_odd", "completed", told)
    if event == "event of 2017":
        sent |= {"api_version": "2017-06-05", "request": "req_of_2017"}
        told["payments"] = None
    else:
        sent["api_version"] = "2019-03-14"
        for name in ("status", "payment_status"):
            del told[name]
    arrival = events.ReceivedEvent(sent, "webhook", "handled", time.time())
    record = partial(events.record, arrivals=[arrival])
    shop.server.portal.call(lambda: shop.server.services.store.write(record))
    text = said(opened(shop.server, session=session_id))
    assert "Checkout completed" in text
    assert "No payment was required" not in text
    assert ("req_of_2017" in text) is (event == "event of 2017")


def test_every_currency_is_among_the_numbers_and_how_many_match_is_said_once(shop: Shop) -> None:
    amounts = {"usd": 99_999, "eur": 2_050, "krw": 5_000_000, "jpy": 1_200, "kwd": 12_340}
    sold = [
        session_object(amount, "credits", 1) | PAID | {"currency": currency, "amount_total": amount}
        for currency, amount in amounts.items()
    ]
    keep = partial(sessions.upsert_sessions, copies=[copies(sold)])
    shop.server.portal.call(lambda: shop.server.services.store.write(keep))
    page = opened(shop.server)
    shown = [value for label, value in metrics(page).items() if label.startswith("Revenue")]
    text = f"{shown} {said(page)}"
    for whole in ("$999.99", "€20.50", "5,000,000 KRW", "¥1,200", "12.340 KWD"):
        assert whole in text
    assert metrics(page)["Created"] == "5"
    assert not re.search(r"\b5\b|\d\+", said(page))


def test_amounts_are_as_wide_as_they_are(shop: Shop) -> None:
    made(shop)
    narrow = opened(shop.server).dataframe[0]
    large = session_object(1, "credits", 1) | {"currency": "krw", "amount_total": 99_999_999}
    keep = partial(sessions.upsert_sessions, copies=[copies([large])])
    shop.server.portal.call(lambda: shop.server.services.store.write(keep))
    wide = opened(shop.server).dataframe[0]
    widths = [json.loads(table.proto.columns)["amount"]["width"] for table in (narrow, wide)]
    assert widths[0] < widths[1]
    assert widths[1] > 7 * len("99,999,999 KRW") + 16


def test_a_long_list_is_turned_page_by_page(shop: Shop) -> None:
    every = {made(shop) for _ in range(PAGE_SIZE + 3)}
    page = opened(shop.server)
    first = ids(page)
    assert len(first) == PAGE_SIZE
    assert page.button(key="sessions_newer").disabled
    page = pressed(page, "sessions_older")
    assert set(first) | set(ids(page)) == every
    assert page.button(key="sessions_older").disabled
    assert ids(pressed(page, "sessions_newer")) == first


def test_stripe_out_of_reach_is_said_and_the_copy_is_shown(
    tmp_path: Path, shop: Shop, account: StripeAccount
) -> None:
    session_id = made(shop)
    shop.server.portal.call(shop.server.services.mirror.state)
    account.faults = DOWN
    database = shop.server.services.settings.database_url
    settings = working_settings(tmp_path, account.url, database_url=database)
    with billing_server(settings) as server:
        page = opened(server, session=session_id)
        assert session_id in ids(page)
        assert "Can't reach Stripe. Showing saved data" in said(page)
        assert REQUEST_ID in said(page)
        assert "could not be loaded from Stripe" in said(page)
        assert "load_again" in [button.key for button in page.button]


def test_the_same_again_after_a_refusal_is_asked_for_under_another_key(
    tmp_path: Path, shop: Shop, account: StripeAccount
) -> None:
    session_id = made(shop)
    shop.server.portal.call(shop.server.services.mirror.state)
    account.faults = always("rate_limited")
    database = shop.server.services.settings.database_url
    settings = working_settings(tmp_path, account.url, database_url=database)
    with billing_server(settings) as server:
        page = opened(server, session=session_id)
        for _ in range(2):
            page = pressed(page, "duplicate")
            assert "Wait a few seconds" in said(page)
    assert len(set(account.idempotency_keys)) == len(account.idempotency_keys) == 2


# The drawer ---------------------------------------------------------------------------------


def test_the_drawer_tells_the_story_and_what_can_be_done(shop: Shop) -> None:
    session_id = made(shop, quantity=5)
    page = opened(shop.server, session=session_id)
    assert page.code[0].value == session_id
    assert page.get("link_button")[0].proto.url.startswith(
        shop.server.services.settings.api_base or "-"
    )
    for label in ("Expire…", "Duplicate"):
        assert label in buttons(page)
    text = said(page)
    assert f"Created by {' '.join(HOSTILE.split())}" in text
    assert "Open until" in text
    assert "Waiting for a payment" in text
    items = page.dataframe[1].value
    assert items.to_dict("records") == [
        {"description": "Credit", "quantity": 5, "unit_price": "$0.99", "total": "$4.95"}
    ]


def test_who_made_it_is_never_acted_on_as_markdown(shop: Shop) -> None:
    page = opened(shop.server, session=made(shop))
    (label,) = [block.label for block in page.expander if "Created by" in block.label]
    for active in ("<b>", ":red[", "](https", ":material/delete:", "$y$", "`c`"):
        assert active not in label


def test_a_paid_session_offers_nothing_that_needs_it_open(shop: Shop) -> None:
    page = opened(shop.server, session=paid(shop, made(shop)))
    assert "Expire…" not in buttons(page)
    assert not page.get("link_button")
    assert "Granted: 1 extra credit" in said(page)
    assert "Session closed" in said(page)


def test_expiring_asks_first(shop: Shop) -> None:
    session_id = made(shop)
    page = pressed(opened(shop.server, session=session_id), "expire")
    assert shop.stripe.v1.checkout.sessions.retrieve(session_id).status == "open"
    page = pressed(page, "keep_open")
    assert "Expire session" not in buttons(page)
    page = pressed(pressed(page, "expire"), "expire_now")
    assert shop.stripe.v1.checkout.sessions.retrieve(session_id).status == "expired"
    assert "The session was expired" in said(page)
    assert "Expire…" not in buttons(page)


def test_who_comes_second_is_told_what_happened_meanwhile(shop: Shop) -> None:
    session_id = made(shop)
    page = pressed(opened(shop.server, session=session_id), "expire")
    shop.sandbox.payments.pay(session_id, GOOD_CARD, Payer("other@example.com", "Other"))
    page = pressed(page, "expire_now")
    assert "This session is no longer open: it was paid in the meantime." in said(page)
    assert "Complete" in said(page)


def test_the_same_again_opens_the_new_session(shop: Shop) -> None:
    session_id = made(shop, quantity=7)
    page = pressed(opened(shop.server, session=session_id), "duplicate")
    (new,) = {one.id for one in shop.stripe.v1.checkout.sessions.list().data} - {session_id}
    assert page.query_params["session"] == new
    assert page.code[0].value == new
    assert f"Created as a duplicate of `{session_id}`" in said(page)


def test_another_apps_session_is_shown_as_such(shop: Shop) -> None:
    page = opened(shop.server, session=foreign(shop, HOSTILE))
    assert "Another app" in said(page)
    assert "Duplicate" not in buttons(page)
    assert "Expire…" in buttons(page)


@pytest.mark.parametrize("session_id", ["cs_test_ofAnotherAccount", "cs_live_x", "<b>x</b>", "%"])
def test_an_unknown_session_in_the_address_gets_a_clear_word(shop: Shop, session_id: str) -> None:
    mine = made(shop)
    page = opened(shop.server, session=session_id)
    assert page.warning[0].proto.title == "Session not found"
    assert ids(page) == [mine]


def test_the_qr_code_is_dark_on_white_in_every_theme() -> None:
    drawing = qr_code("https://checkout.stripe.com/c/pay/cs_test_" + "a" * 400)
    assert drawing.startswith("<svg")
    assert "#fff" in drawing
    assert "#000" in drawing
