"""A database of an older release is upgraded and keeps what it holds."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

import pytest
from alembic import command
from sqlalchemy import Connection, text

from billing.domain.events.event import Refusal, Subject
from billing.domain.ledger.line import Cause, LedgerLine
from billing.domain.sessions.checkout_session import Kind, Outcome
from billing.domain.sessions.filters import SessionFilter
from billing.domain.sessions.source import Source
from billing.store import events, sessions, stale_customers
from billing.store.events import refusals
from billing.store.ledger import lines
from tests.billing.store.engine.schema.migrations import HEAD, alembic, on, revision
from tests.billing.store.ledger.test_lines import LINE
from tests.support.database.databases import store_on
from tests.support.database.records import granted_totals
from tests.support.database.stored import copies
from tests.support.servers.timings import RETRIES
from tests.support.stripe_account import session_object

pytestmark = pytest.mark.anyio


NOW = 1_780_000_000


# Of each session its status, payment status and progress, as they were stored.
OLDER = (
    ("open", "unpaid", 0),
    ("complete", "unpaid", 1),
    ("complete", "paid", 2),
    ("complete", "no_payment_required", 2),
    ("expired", "unpaid", 2),
)


MADE_BY = ("page", "ada@example.com", "api", "test kit", "demo history")
SOURCES = ["page", "page", "api", "test_kit", "demo"]

# Payments that were declined, and what of it could be read.
DECLINED = {
    "evt_declined": {"data": {"object": {"id": "pi_1", "metadata": {"reference": "reference-0"}}}},
    "evt_of_another_app": {"data": {"object": {"id": "pi_2", "metadata": {"order": "reference"}}}},
    "evt_damaged": "reference",
}


FAILED = [("evt_0", "handled", 1), ("evt_1", "failed", 5), ("evt_2", "failed", 6)]


REFUSED = [(NOW + 5.5, "Old."), (NOW + 1.25, "Old."), (NOW + 2.0, "Wrong."), (NOW + 90.0, "Old.")]


def make_older(url: str) -> None:
    """A database as the first version of this code made it: a grant, a term, and sessions."""

    def work(connection: Connection) -> None:
        config = alembic()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        assert revision(connection) == "0001"
        for name, kind, quantity in (
            ("cs_test_1", "credits", 5),
            ("cs_test_000000000002", "pro", 1),
        ):
            connection.execute(
                text(
                    "INSERT INTO grants VALUES"
                    " (:session, :kind, :quantity, 99, 'usd', 'cus_1', 'a@example.com', 'evt_1', 9)"
                ),
                {"session": name, "kind": kind, "quantity": quantity},
            )
        connection.execute(text("INSERT INTO session_terms VALUES ('ada', 1, 'cs_test_1')"))
        for name, state, attempts in FAILED:
            connection.execute(
                text(
                    "INSERT INTO events (id, type, created, object_id, received_at, source,"
                    " deliveries, state, attempts, settled_at, payload)"
                    " VALUES (:id, 'x', 1, 'cs_test_1', 1, 'webhook', 1, :state, :attempts, 7, '')"
                ),
                {"id": name, "state": state, "attempts": attempts},
            )
        for name, payload in DECLINED.items():
            connection.execute(
                text(
                    "INSERT INTO events (id, type, created, object_id, received_at, source,"
                    " deliveries, state, attempts, payload) VALUES (:id,"
                    " 'payment_intent.payment_failed', 1, 'pi', 1, 'poll', 0, 'ignored', 0, :sent)"
                ),
                {"id": name, "sent": json.dumps(payload)},
            )
        for at, reason in REFUSED:
            connection.execute(
                text(
                    "INSERT INTO rejected_deliveries (received_at, reason, next_step, size)"
                    " VALUES (:at, :reason, 'Mend it.', 9)"
                ),
                {"at": at, "reason": reason},
            )
        for number, (status, payment_status, progress) in enumerate(OLDER):
            session = session_object(number, "credits", 1, NOW - number)
            session |= {"status": status, "payment_status": payment_status}
            session["metadata"]["made_by"] = MADE_BY[number]
            session["client_reference_id"] = f"reference-{number}"
            if number == 2:
                session |= {"subscription": "sub_2", "payment_intent": None}
            connection.execute(
                text(
                    "INSERT INTO checkout_sessions (id, created, progress, status, payment_status,"
                    " ours, kind, data) VALUES (:id, :created, :progress, :status,"
                    " :payment_status, true, 'credits', :data)"
                ),
                session | {"progress": progress, "data": json.dumps(session)},
            )

    on(url, work)


def terms(connection: Connection) -> list[tuple[object, ...]]:
    return [tuple(row) for row in connection.execute(text("SELECT * FROM session_terms"))]


async def test_an_older_database_is_upgraded_and_keeps_what_it_holds(database_url: str) -> None:
    make_older(database_url)
    with store_on(database_url) as store:
        assert await store.read(revision) == HEAD
        assert await store.read(granted_totals) == {"credits": 5, "pro": 1}
        granted = await store.read(lambda c: lines.of_subjects(c, ["cs_test_1", "sub_2"]))
        assert granted == {
            "cs_test_1": (replace(LINE, at=9.0, payment_intent=None),),
            "sub_2": (
                LedgerLine(
                    *("sub_2", 1, Kind.PRO, 1, None, Cause.PURCHASE, "evt_1", 9.0, "cus_1"),
                    session_id="cs_test_000000000002",
                    subscription="sub_2",
                ),
            ),
        }
        assert await store.read(terms) == [("ada", 1, "cs_test_1")]
        assert await store.read(partial(stale_customers.first, limit=9)) == {"cus_1": 1}
        known_refusals = await store.read(lambda connection: refusals.newest(connection, 9))
        assert known_refusals == [
            Refusal("Old.", NOW + 80, NOW + 90, 1, "Mend it.", 9),
            Refusal("Old.", NOW - 40, NOW + 5.5, 2, "Mend it.", 9),
            Refusal("Wrong.", NOW - 40, NOW + 2, 1, "Mend it.", 9),
        ]
        due = await store.write(lambda connection: events.due(connection, NOW, RETRIES, 9))
        assert [one.id for one in due] == ["evt_declined", "evt_1"]
        assert [one.subject for one in due] == [Subject.DECLINE, Subject.SESSION]
        found = await store.read(lambda connection: sessions.recent(connection, 9))
        outcomes = ["open", "processing", "paid", "paid", "expired"]
        assert [one.outcome for one in found] == outcomes
        for outcome in Outcome:
            wanted = SessionFilter(outcomes=frozenset({outcome}))
            page = await store.read(partial(sessions.page, wanted=wanted, limit=9))
            assert len(page.sessions) == outcomes.count(outcome)
        for source in Source:
            page = await store.read(
                partial(sessions.page, wanted=SessionFilter(sources=frozenset({source})), limit=9)
            )
            assert len(page.sessions) == SOURCES.count(source)
        assert [one.source for one in found] == SOURCES
        older = session_object(2, "credits", 1, NOW - 2)  # a state that is long past
        await store.write(
            lambda connection: sessions.upsert_sessions(connection, [copies([older])])
        )
        known = await store.read(partial(sessions.get, session_id=older["id"]))
        assert known is not None
        assert known.is_paid
