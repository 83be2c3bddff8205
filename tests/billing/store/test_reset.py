"""Forgetting everything leaves nothing that came from Stripe."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, insert, select

from billing.domain.events.event import EventSource, EventState
from billing.domain.sessions.checkout_session import CheckoutSession, Kind
from billing.domain.sessions.details import SessionReading
from billing.ledger.fulfillment import SyncBatch, upsert_and_grant
from billing.store import (
    Store,
    customers,
    erased_ids,
    events,
    leases,
    requests,
    scenario_runs,
    sessions,
    sold_prices,
    stripe_objects,
    sync_state,
    tables,
)
from billing.store.events import random_run
from billing.store.reset import DELETED, delete_everything
from billing.store.sessions import rollups
from billing.store.stripe_objects import ObjectReading
from tests.billing.store.customers.test_queries import ADA
from tests.support.logged_request import REQUEST, batch_of
from tests.support.stripe_account import event_object, session_object

if TYPE_CHECKING:
    from sqlalchemy import Connection

pytestmark = pytest.mark.anyio


def fill(connection: Connection) -> None:
    session = session_object(1, "credits", 5)
    paid = session | {"status": "complete", "payment_status": "paid"}
    reading = SessionReading(paid, CheckoutSession.from_stripe(paid), time.time(), bought=5)
    upsert_and_grant(connection, [SyncBatch.of([reading])])
    rollups.fold(connection, 9)
    sessions.record_reversals(connection, {session["id"]: (1, 0)})
    event = event_object("evt_1", "completed", paid)
    events.record(
        connection,
        [events.ReceivedEvent(event, EventSource.WEBHOOK, EventState.HANDLED, time.time())],
    )
    refund = {"object": "refund", "id": "re_1", "amount": 1, "payment_intent": "pi_1"}
    stripe_objects.store(connection, [ObjectReading(refund, time.time())])
    customers.replace(connection, [ADA], ())
    requests.add(connection, batch_of(REQUEST))
    term = {"request": REQUEST.id, "term": "pi_1"}
    connection.execute(insert(tables.request_terms), term)  # as the release before does
    sync_state.save(connection, "mirror", {"complete": True})
    leases.acquire(connection, "mirror", "somebody", 30)
    sold_prices.add(connection, Kind.PRO, "price_1")
    erased_ids.add(connection, {"cus_of_somebody": None}, time.time())
    scenario_runs.begin(connection, "pro-paid", "run-1", "{}")
    random_run.count(connection, "evt_1", "invoice.paid", "in_1")


def counted(connection: Connection) -> dict[str, int]:
    return {
        table.name: connection.scalar(select(func.count()).select_from(table)) or 0
        for table in tables.metadata.sorted_tables
    }


async def test_everything_is_gone_but_what_does_not_come_from_stripe(store: Store) -> None:
    await store.write(fill)
    before = await store.read(counted)
    refused_or_answered = {"rejected_deliveries", "claimed_deliveries", "webhook_deliveries"}
    assert all(before[one.name] for one in DELETED if one.name not in refused_or_answered)
    await store.write(delete_everything)
    after = await store.read(counted)
    assert {name for name, rows in after.items() if rows} == {
        *("leases", "sold_prices", "erased_ids", "schema_release")
    }
