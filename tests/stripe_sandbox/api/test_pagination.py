"""Lists: cursors, limits, every documented filter of sessions, and no scans at any size."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import stripe

from stripe_sandbox.storage.database import Database
from stripe_sandbox.storage.objects import Objects, Window
from stripe_sandbox.storage.tables import OBJECT_TABLES, TABLES
from tests.support.stripe.sandbox_server import SandboxServer, refused, sandbox_server

EMAIL = "listed@example.com"


@pytest.fixture(scope="module")
def history() -> Iterator[tuple[SandboxServer, list[str]]]:
    """Twelve sessions, ten seconds apart: 0 to 3 guests' and paid, 4 of a customer, 5 a paid
    subscription, 6 and 7 expired, the rest open."""
    with sandbox_server(None) as server:
        ids: list[str] = []
        customer = server.stripe.v1.customers.create(params={"email": EMAIL}).id
        for index in range(12):
            if index == 4:
                session = server.create(customer=customer)
            elif index == 5:
                session = server.subscribe(customer_email="subscriber@example.com")
            else:
                session = server.create()
            if index <= 3 or index == 5:
                server.pay(session.id)
            if index in (6, 7):
                server.stripe.v1.checkout.sessions.expire(session.id)
            ids.append(session.id)
            server.clock.advance(10)
        yield server, ids


def _listed(server: SandboxServer, **params: Any) -> list[str]:
    found = server.stripe.v1.checkout.sessions.list(params=params)  # type: ignore[arg-type]
    return [session.id for session in found.data]


def test_the_newest_comes_first(history: tuple[SandboxServer, list[str]]) -> None:
    """Ten by default, with more to follow."""
    server, ids = history
    page = server.stripe.v1.checkout.sessions.list()
    assert [session.id for session in page.data] == ids[:1:-1]
    assert page.has_more is True
    assert page.url == "/v1/checkout/sessions"


def test_cursors_lead_through_the_list(history: tuple[SandboxServer, list[str]]) -> None:
    """`starting_after` and `ending_before` give every session once, both ways."""
    server, ids = history
    newest_first = ids[::-1]
    pages = server.stripe.v1.checkout.sessions.list(params={"limit": 5}).auto_paging_iter()
    assert [session.id for session in pages] == newest_first
    page = server.stripe.v1.checkout.sessions.list(params={"limit": 5, "ending_before": ids[0]})
    assert [session.id for session in page.data] == newest_first[-6:-1]
    assert page.has_more is True
    page = server.stripe.v1.checkout.sessions.list(params={"limit": 5, "ending_before": ids[9]})
    assert ([session.id for session in page.data], page.has_more) == (newest_first[:2], False)
    page = server.stripe.v1.checkout.sessions.list(params={"limit": 3, "starting_after": ids[3]})
    assert ([session.id for session in page.data], page.has_more) == (newest_first[-3:], False)


def test_every_filter_narrows_the_list(history: tuple[SandboxServer, list[str]]) -> None:
    """Status, customer, address, payment, subscription, and times, alone and together."""
    server, ids = history
    sessions = {
        session.id: session
        for session in server.stripe.v1.checkout.sessions.list(params={"limit": 100}).data
    }
    assert _listed(server, status="complete") == [ids[index] for index in (5, 3, 2, 1, 0)]
    assert _listed(server, status="expired") == [ids[7], ids[6]]
    assert _listed(server, customer=sessions[ids[4]].customer) == [ids[4]]
    assert _listed(server, customer_details={"email": EMAIL}) == [ids[4]]
    assert _listed(server, customer_details={"email": "payer@example.com"}, status="complete") == [
        ids[index] for index in (3, 2, 1, 0)
    ]
    assert _listed(server, payment_intent=sessions[ids[2]].payment_intent) == [ids[2]]
    assert _listed(server, subscription=sessions[ids[5]].subscription) == [ids[5]]
    assert _listed(server, payment_link="plink_none") == []
    moment = sessions[ids[8]].created
    assert _listed(server, created=moment) == [ids[8]]
    assert _listed(server, created={"gt": moment}) == [ids[11], ids[10], ids[9]]
    assert _listed(server, created={"gte": moment}) == [ids[11], ids[10], ids[9], ids[8]]
    assert _listed(server, created={"gte": moment, "lt": moment + 20}) == [ids[9], ids[8]]
    assert _listed(server, created={"lte": sessions[ids[1]].created}) == [ids[1], ids[0]]
    assert _listed(server, status="open", created={"lt": moment}) == [ids[4]]


@pytest.mark.parametrize(
    ("params", "param", "message"),
    [
        ({"limit": 0}, "limit", "This value must be greater than or equal to 1."),
        ({"limit": 101}, "limit", "This value must be less than or equal to 100."),
        ({"limit": "ten"}, "limit", "Invalid integer: ten"),
        ({"status": "paid"}, "status", "Invalid status: must be one of complete, expired, or open"),
        ({"starting_after": "cs_x"}, "starting_after", "No such checkout.session: cs_x"),
        ({"created": {"from": 1}}, "created[from]", "Received unknown parameter: created[from]"),
        (
            {"customer_details": {}, "payment": "x"},
            "payment",
            "Received unknown parameter: payment",
        ),
    ],
)
def test_a_wrong_list_is_refused(
    history: tuple[SandboxServer, list[str]], params: dict[str, Any], param: str, message: str
) -> None:
    """A limit out of range, a word that is none, an unknown cursor or filter."""
    error = refused(lambda: _listed(history[0], **params))
    assert isinstance(error, stripe.InvalidRequestError)
    assert (error.param, error.user_message) == (param, message)


def test_both_cursors_at_once_are_refused(history: tuple[SandboxServer, list[str]]) -> None:
    """One direction at a time."""
    server, ids = history
    error = refused(lambda: _listed(server, starting_after=ids[5], ending_before=ids[1]))
    assert "both starting_after and ending_before" in str(error.user_message)


@pytest.mark.parametrize("kind", sorted(TABLES))
def test_no_list_scans_its_table(kind: str) -> None:
    """Whatever one filters by, SQLite walks an index in the list's own order: a page costs the
    same over ten rows and over a million."""
    seen: list[str] = []

    class Watched(Database):
        def rows(self, query: str, values: Any = ()) -> list[tuple[Any, ...]]:
            plan = super().rows("EXPLAIN QUERY PLAN " + query, values)
            seen.append("; ".join(row[3] for row in plan))
            return super().rows(query, values)

    database = Watched(None, tables=OBJECT_TABLES)
    objects = Objects(database)
    fine = [column.name for column in TABLES[kind].columns if column.indexed and not column.coarse]
    coarse = [column.name for column in TABLES[kind].columns if column.coarse]
    windows = (Window(), Window(created={"gte": 5, "lt": 9}))
    filters: list[dict[str, Any]] = [{}, *({name: "x"} for name in fine + coarse)]
    filters += [{one: "x", other: "y"} for one in fine for other in coarse]
    for given in filters:
        for window in windows:
            objects.page(kind, given, window)
            plan = seen[-1]
            assert "TEMP B-TREE" not in plan, (given, plan)
            index = re.search(
                r"USING INDEX \w+?_(created|" + "|".join(given or ["created"]) + r")\b", plan
            )
            assert index, (given, plan)
            wanted = next((name for name in given if name in fine), next(iter(given), "created"))
            assert index[1] == wanted, (given, plan)
    database.close()
