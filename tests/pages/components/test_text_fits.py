"""Text is cut nowhere it matters: each column is as wide as what stands in it, by the letters that
Chromium draws, and those that matter lie within a page of 1280 pixels; of a session, outcome,
amount and what was bought within one of 390."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from billing.domain.sessions.checkout_session import Kind, Outcome
from pages.components.text.chips import outcome_text_of, pro_text_of
from pages.scenarios.demo_history import replace_with_demo
from tests.support.browsers.pages import open_page, run_until
from tests.support.servers.shop import ConnectedShop, connected_shop

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from playwright.sync_api import Page
    from streamlit.testing.v1 import AppTest

CONFIG = Path(__file__).parents[3] / ".streamlit/config.toml"
FONT_SIZE = 14  # pixels, of a table's text
CELL, BUTTON, CHIP = 16, 32, 28  # pixels around the text of a cell: padding, and the frame in it
CHECKBOXES, TABLE = 33, 1_120  # pixels; a table in a page of 1280
ON_A_PHONE = 357  # pixels; in a page of 390, without the table's edge
BEFORE_CHIP = 16  # pixels, from the column's edge to the word
BEGINNING = 150  # pixels of an email that are seen as well
BANK_ACCOUNT = "000123456789"
LONG = "somebody.with.a.long.name@example.com"
MEASURE = """([texts, font]) => {
    const context = document.createElement("canvas").getContext("2d");
    context.font = font;
    return texts.map(text => context.measureText(text).width);
}"""


@dataclass(frozen=True)
class Cell:
    """A cell's text, and the space that its column has for it, in pixels."""

    column: str
    text: str
    space: float


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConnectedShop]:
    """One with every outcome; among them the most credits for a long email, partly refunded."""
    with connected_shop(tmp_path_factory.mktemp("shop")) as opened:
        opened.pages.call(partial(replace_with_demo, opened.services, opened.controls, 400))
        checkout, stripe = opened.services.checkout, opened.controls.stripe
        opened.pages.call(lambda: checkout.create(Kind.CREDITS, 1_000, made_by="test"))
        for card in ("4242424242424242", "4000000000009995"):
            made = opened.pages.call(lambda: checkout.create(Kind.CREDITS, 1_000, made_by="test"))
            opened.controls.pay(made.id, email=LONG, card=card)
            if payment := stripe.get(f"checkout/sessions/{made.id}")["payment_intent"]:
                stripe.post("refunds", {"payment_intent": payment, "amount": 29_700})
        made = opened.pages.call(lambda: checkout.create(Kind.CREDITS, 1_000, made_by="test"))
        opened.controls.pay(
            made.id, email=LONG, bank_account=BANK_ACCOUNT, settles_in_seconds=86_400
        )
        page = open_page(opened.pages)
        wanted = (Outcome.DECLINED, Outcome.PARTLY_REFUNDED, Outcome.PROCESSING)
        ends = {outcome.label for outcome in wanted}
        run_until(page, lambda: ends <= {words[0] for words in page.dataframe[0].value["outcome"]})
        yield opened


def columns_of(page: AppTest) -> dict[str, float]:
    """The width of each column that is shown, in its order."""
    (table,) = page.dataframe
    columns = json.loads(table.proto.columns)
    return {name: columns[name]["width"] or 0 for name in table.proto.column_order}


def cells(page: AppTest, *names: str, buttons: Iterable[str], **chips: Any) -> list[Cell]:
    """The cells of these columns that hold something; ``chips`` by how their words are shown."""
    columns, rows = columns_of(page), page.dataframe[0].value
    frames = {**dict.fromkeys(names, CELL), **dict.fromkeys(buttons, BUTTON)}
    found = [
        Cell(name, text, columns[name] - frame)
        for name, frame in frames.items()
        for text in rows[name]
        if text
    ]
    return found + [
        Cell(name, shown(words[0]), columns[name] - CHIP)
        for name, shown in chips.items()
        for words in rows[name]
        if words is not None and len(words)
    ]


def reach(page: AppTest, column: str) -> float:
    """Where the column ends, in pixels from the table's left edge."""
    widths = columns_of(page)
    names = list(widths)
    return CHECKBOXES + sum(widths[name] for name in names[: names.index(column) + 1])


def cut(browser_page: Page, found: Iterable[Cell]) -> list[str]:
    """What Chromium draws wider than there is space for it."""
    theme = tomllib.loads(CONFIG.read_text())["theme"]
    every = list(set(found))
    assert every
    font = f"{FONT_SIZE}px {theme['font']}"
    widths = browser_page.evaluate(MEASURE, [[cell.text for cell in every], font])
    return [
        f"{cell.column}: {cell.text!r} takes {width:.0f} of {cell.space:.0f} pixels"
        for cell, width in zip(every, widths, strict=True)
        if width > cell.space
    ]


def beyond_a_phone(browser_page: Page, shown: AppTest, outcome: Outcome) -> str:
    """The outcome's word, where it ends right of a phone's screen, or is not the third column."""
    names = list(columns_of(shown))[:3]
    assert names == ["what", "amount", "outcome"]
    space = ON_A_PHONE - reach(shown, "amount") - BEFORE_CHIP
    return "".join(cut(browser_page, [Cell("outcome", outcome_text_of(outcome.label), space)]))


def assert_sessions_are_whole(page: Page, shown: AppTest) -> None:
    names = ("amount", "note", "email")
    assert not cut(page, cells(shown, *names, buttons=["what"], outcome=outcome_text_of))
    assert reach(shown, "email") <= TABLE


@pytest.mark.parametrize("outcome", Outcome)
def test_of_sessions_what_amount_outcome_why_and_email_are_whole(
    page: Page, shop: ConnectedShop, outcome: Outcome
) -> None:
    shown = open_page(shop.pages, "sessions.py", outcome=outcome)
    assert_sessions_are_whole(page, shown)
    assert not beyond_a_phone(page, shown, outcome)


def test_of_recent_sessions_the_same(page: Page, shop: ConnectedShop) -> None:
    shown = open_page(shop.pages)
    assert LONG in set(shown.dataframe[0].value["email"])
    assert_sessions_are_whole(page, shown)
    assert not beyond_a_phone(page, shown, Outcome.PARTLY_REFUNDED)


@pytest.mark.parametrize("query", [{}, {"with": "refunds"}, {"with": "disputes"}, {"q": LONG}])
def test_of_customers_email_pro_and_amounts_are_whole(
    page: Page, shop: ConnectedShop, query: dict[str, str]
) -> None:
    shown = open_page(shop.pages, "customers.py", **query)
    run_until(shown, lambda: len(shown.dataframe) > 0)
    names = ("note", "credits", "paid", "refunded", "disputed")
    assert not cut(page, cells(shown, *names, buttons=["who"], pro=pro_text_of))
    assert reach(shown, "disputed") <= TABLE


@pytest.mark.parametrize("name", ["async_payment_succeeded", "async_payment_failed"])
def test_of_the_longest_types_of_events_no_letter_is_cut(
    page: Page, shop: ConnectedShop, name: str
) -> None:
    shown = open_page(shop.pages, "events.py", type=f"checkout.session.{name}")
    assert not cut(page, cells(shown, buttons=["type"]))


def test_of_events_type_session_delay_and_email_are_whole(page: Page, shop: ConnectedShop) -> None:
    shown = open_page(shop.pages, "events.py")
    run_until(shown, lambda: LONG in set(shown.dataframe[0].value["email"]))
    assert not cut(page, cells(shown, "source", "delay", "email", buttons=["type", "session"]))
    assert reach(shown, "delay") <= TABLE - BEGINNING
