"""A row that holds what no page can show costs that row, not the page, wherever it is shown."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from billing.domain.events.event import EventSource, EventState
from billing.domain.sessions.filters import SessionFilter
from billing.store import events, sessions
from billing.store.tables import checkout_sessions
from tests.support.browsers.pages import open_page
from tests.support.database import stored
from tests.support.servers.shop import ConnectedShop, connected_shop
from tests.support.stripe_account import event_object, session_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

HALF = "\ud83d"
JSON = dict[str, Any]
POISONS: dict[str, Callable[[JSON], object]] = {
    "half a character in the email": lambda one: one["customer_details"].update(
        email=f"{HALF}@example.com"
    ),
    "half a character in the currency": lambda one: one.update(currency=f"us{HALF}"),
    "half a character in who made it": lambda one: one["metadata"].update(made_by=HALF),
    "half a character in the state": lambda one: one.update(payment_status=f"paid{HALF}"),
    "a time that no calendar has": lambda one: one.update(created=10**15),
    "a time that is a word": lambda one: one.update(created="yesterday"),
    "an amount over 64 bits": lambda one: one.update(amount_total=10**30),
    "no state": lambda one: one.pop("payment_status"),
    "metadata that is a list": lambda one: one.update(metadata=["app"]),
    "an email that is an object": lambda one: one["customer_details"].update(email={"of": "x"}),
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConnectedShop]:
    with connected_shop(tmp_path_factory.mktemp("shop")) as running:
        yield running


@pytest.fixture(scope="module")
def good(shop: ConnectedShop) -> set[str]:
    """Sessions that are in order, among others that are not; Stripe knows none of them."""
    changes = [None, *POISONS.values(), None]
    copies = [session_object(number, "credits", 1) for number in range(len(changes))]

    def write(connection: Connection) -> None:
        sessions.upsert_sessions(connection, [stored.copies(copies)])
        for copy, change in zip(copies, changes, strict=True):
            if change:
                change(copy)
                this = checkout_sessions.c.id == copy["id"]
                poisoned = update(checkout_sessions).where(this).values(data=json.dumps(copy))
                connection.execute(poisoned)

    shop.pages.call(lambda: shop.services.store.write(write))
    return {copies[0]["id"], copies[-1]["id"]}


@pytest.mark.parametrize(("name", "count"), [("billing.py", 1), ("sessions.py", 2)])
def test_a_session_costs_its_row_in_a_table(
    shop: ConnectedShop, good: set[str], name: str, count: int
) -> None:
    shown = open_page(shop.pages, name).dataframe[0].value
    rows = shown[shown["id"].isin(good)]
    assert len(rows) == count  # Billing shows the newest alone
    assert rows.notna()[["when", "amount", "what", "source"]].all(axis=None)


@pytest.mark.usefixtures("good")
def test_text_that_cannot_be_encoded_is_shown_in_part(shop: ConnectedShop) -> None:
    shown = open_page(shop.pages, "sessions.py").dataframe[0].value
    assert f"{chr(0xFFFD)}@example.com" in set(shown["email"])


def test_a_session_costs_its_row_among_the_open_ones(shop: ConnectedShop, good: set[str]) -> None:
    page = open_page(shop.pages, "test_kit.py", show="Open sessions")
    assert {f"pay_{one}" for one in good} <= {button.key for button in page.button}


def test_a_session_costs_its_row_in_the_csv_file(shop: ConnectedShop, good: set[str]) -> None:
    exported = shop.pages.call(lambda: shop.services.sessions.as_csv(SessionFilter()))
    file = exported.decode("utf-8-sig")
    assert good <= {line.split(",")[0] for line in file.splitlines()}
    assert f"{chr(0xFFFD)}@example.com" in file


def test_an_event_costs_its_row_in_a_table(shop: ConnectedShop) -> None:
    session = {"id": "cs_test_1"}
    good, poisoned = (event_object(name, "expired", session) for name in ("evt_good", "evt_bad"))
    poisoned |= {"created": 10**15}

    def write(connection: Connection) -> None:
        for event in (good, poisoned):
            events.record(
                connection,
                [events.ReceivedEvent(event, EventSource.WEBHOOK, EventState.FAILED, time.time())],
            )

    shop.pages.call(lambda: shop.services.store.write(write))
    shown = open_page(shop.pages, "events.py").dataframe[0].value
    assert {"evt_good", "evt_bad"} <= set(shown["id"])
    open_page(shop.pages, "events.py", event="evt_bad")
