"""Table and metrics of the Sessions page through AppTest, in front of the sandbox."""

from __future__ import annotations

import csv
import io
import json
import re
from functools import partial
from typing import TYPE_CHECKING

from billing.domain.sessions.checkout_session import Kind
from billing.domain.sessions.filters import SessionFilter
from billing.store import sessions
from pages.components.sessions.table import PAGE_SIZE
from tests.support.browsers.pages import ids, metrics, open_page, press, run_until, text_of
from tests.support.database.stored import copies
from tests.support.servers.sales import create_session, fail_debit, pay
from tests.support.stripe_account import (
    session_object,
)

if TYPE_CHECKING:
    from tests.support.servers.shop import Shop


PAID = {"status": "complete", "payment_status": "paid"}


def test_without_sessions_the_page_says_what_to_do_first(shop: Shop) -> None:
    page = open_page(shop.server, "sessions.py")
    run_until(page, lambda: "No sessions yet" in text_of(page))
    assert "Press PAY WITH CARD" in text_of(page)
    assert not page.metric
    assert not page.pills
    assert not page.dataframe


def test_metrics_and_rows_show_every_session(shop: Shop) -> None:
    one, two = pay(shop, create_session(shop, Kind.PRO)), create_session(shop, quantity=5)
    page = open_page(shop.server, "sessions.py")
    assert set(ids(page)) == {one, two}
    found = metrics(page)
    assert (found["Created"], found["Paid"], found["Conversion"]) == ("2", "1", "50.0%")
    assert found["Revenue, USD"] == "$99"
    assert "Sessions per day" in str(page.get("echarts_chart")[0].proto)


def test_a_failed_debit_is_failed_in_table_filter_metrics_chart_drawer_and_csv(shop: Shop) -> None:
    session_id = fail_debit(shop, create_session(shop, quantity=3))
    pay(shop, create_session(shop))
    page = open_page(shop.server, "sessions.py", outcome="failed", session=session_id)
    assert ids(page) == [session_id]
    assert list(page.dataframe[0].value["outcome"]) == [["Failed"]]
    assert (metrics(page)["Created"], metrics(page)["Paid"]) == ("2", "1")
    assert '"failed"' in str(page.get("echarts_chart")[0].proto).replace("\\", "")
    text = text_of(page)
    assert ":red-badge[✕ Failed]" in text
    for words in ("Status Complete, payment status Unpaid", "no_account", "Delayed payment failed"):
        assert words in text
    export = shop.server.services.sessions.as_csv
    exported = shop.server.portal.call(lambda: export(SessionFilter())).decode("utf-8-sig")
    (row,) = [row for row in csv.DictReader(io.StringIO(exported)) if row["id"] == session_id]
    assert row["outcome"] == "failed"
    assert "no_account" in row["failure"]


def test_the_metrics_have_every_currency_and_the_count_is_shown_once(shop: Shop) -> None:
    amounts = {"usd": 99_999, "eur": 2_050, "krw": 5_000_000, "jpy": 1_200, "kwd": 12_340}
    sold = [
        session_object(amount, "credits", 1) | PAID | {"currency": currency, "amount_total": amount}
        for currency, amount in amounts.items()
    ]
    keep = partial(sessions.upsert_sessions, batches=[copies(sold)])
    shop.server.portal.call(lambda: shop.server.services.store.write(keep))
    page = open_page(shop.server, "sessions.py")
    shown = [value for label, value in metrics(page).items() if label.startswith("Revenue")]
    text = f"{shown} {text_of(page)}"
    for whole in ("$999.99", "€20.50", "5,000,000 KRW", "¥1,200", "12.340 KWD"):
        assert whole in text
    assert metrics(page)["Created"] == "5"
    assert not re.search(r"\b5\b|\d\+", text_of(page))


def test_amounts_and_emails_are_not_cut(shop: Shop) -> None:
    create_session(shop)
    narrow = open_page(shop.server, "sessions.py").dataframe[0]
    email = "somebody.with.a.long.name@example.com"
    large = session_object(1, "credits", 1) | {"currency": "krw", "amount_total": 99_999_999}
    large["customer_details"] = {"email": email}
    keep = partial(sessions.upsert_sessions, batches=[copies([large])])
    shop.server.portal.call(lambda: shop.server.services.store.write(keep))
    wide = open_page(shop.server, "sessions.py").dataframe[0]
    for column, longest in (("amount", "99,999,999 KRW"), ("email", email)):
        widths = [json.loads(table.proto.columns)[column]["width"] for table in (narrow, wide)]
        assert widths[0] < widths[1]
        assert widths[1] > 7 * len(longest) + 16


def test_a_long_list_has_pages(shop: Shop) -> None:
    every = {create_session(shop) for _ in range(PAGE_SIZE + 3)}
    page = open_page(shop.server, "sessions.py")
    first = ids(page)
    assert len(first) == PAGE_SIZE
    assert page.button(key="sessions_newer").disabled
    page = press(page, "sessions_older")
    assert set(first) | set(ids(page)) == every
    assert page.button(key="sessions_older").disabled
    assert ids(press(page, "sessions_newer")) == first
