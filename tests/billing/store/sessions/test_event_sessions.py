"""Which session an event belongs to, by the ids that both name."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from billing.domain.events.event import EventSource, EventState
from billing.store import events, sessions
from tests.support.database.stored import copies
from tests.support.stripe_account import session_object

if TYPE_CHECKING:
    from billing.store import Connection, Store

pytestmark = pytest.mark.anyio


def arrival(event_id: str, **about: Any) -> events.ReceivedEvent:
    event = {"id": event_id, "type": "x.y", "created": 1_000, "data": {"object": about}}
    return events.ReceivedEvent(event, EventSource.WEBHOOK, EventState.IGNORED, time.time())


async def test_an_event_belongs_to_the_session_that_its_object_leads_to(store: Store) -> None:
    credits_, pro = session_object(1, "credits", 5), session_object(2, "pro", 1)
    credits_ |= {"payment_intent": "pi_Paid", "client_reference_id": "a reference"}
    pro |= {"payment_intent": None, "subscription": "sub_1", "invoice": "in_1"}
    arrivals = {
        "of itself": (arrival("evt_1", id=credits_["id"]), credits_),
        "of its payment": (arrival("evt_2", id="pi_Paid"), credits_),
        "of its charge": (arrival("evt_3", id="ch_1", payment_intent="pi_Paid"), credits_),
        "of a declined payment": (
            arrival("evt_4", id="pi_No", metadata={"reference": "a reference"}),
            credits_,
        ),
        "of its invoice": (arrival("evt_5", id="in_1"), pro),
        "of a later invoice": (
            arrival("evt_6", id="in_2", parent={"subscription_details": {"subscription": "sub_1"}}),
            pro,
        ),
        "of its invoice's payment": (
            arrival("evt_7", id="pi_Pro", payment_details={"order_reference": "in_1"}),
            pro,
        ),
        "of that payment's charge": (arrival("evt_8", id="ch_2", payment_intent="pi_Pro"), pro),
        "of nobody's": (arrival("evt_9", id="pi_Other", customer="cus_1"), None),
    }

    def write(connection: Connection) -> None:
        sessions.upsert_sessions(connection, [copies([credits_, pro])])
        events.record(connection, [received for received, _ in arrivals.values()])

    await store.write(write)
    ids = [f"evt_{number}" for number in range(1, 10)]
    found = await store.read(lambda connection: sessions.sessions_of_events(connection, ids))
    for number, (what, (_, session)) in enumerate(arrivals.items(), 1):
        owner = found.get(f"evt_{number}")
        assert (owner.id if owner else None) == (session["id"] if session else None), what
