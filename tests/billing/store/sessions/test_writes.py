"""Our copy of the Checkout Sessions only moves forward."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from billing.domain.sessions.checkout_session import Outcome
from billing.store import sessions
from billing.store.tables import checkout_sessions, session_terms
from billing.store.upsert import MOST_ROWS
from tests.support.database.stored import copies
from tests.support.stripe_account import session_object

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from billing.store import Store

pytestmark = pytest.mark.anyio

JSON = dict[str, Any]


@dataclass(frozen=True, order=True)
class State:
    """What Stripe says of a session, the later the greater."""

    step: int
    status: str
    payment_status: str
    outcome: Outcome
    failure: str | None = None

    @property
    def state(self) -> JSON:
        return {"status": self.status, "payment_status": self.payment_status}


OPEN = State(0, "open", "unpaid", Outcome.OPEN)
DECLINED = State(1, "open", "unpaid", Outcome.DECLINED, "Your card was declined.")
DELAYED = State(2, "complete", "unpaid", Outcome.PROCESSING)
FAILED = State(3, "complete", "unpaid", Outcome.FAILED, "The bank account has been closed.")
PAID = State(4, "complete", "paid", Outcome.PAID)
EXPIRED = State(4, "expired", "unpaid", Outcome.EXPIRED)


async def test_a_session_is_read_back_as_stripe_had_it(store: Store) -> None:
    made = session_object(1, "credits", 12)
    await store.write(lambda connection: sessions.upsert_sessions(connection, [copies([made])]))
    found = await store.read(lambda connection: sessions.get(connection, made["id"]))
    assert found is not None
    assert (found.id, found.quantity, found.amount) == (made["id"], 12, "$11.88")
    assert found.url == made["url"]


async def test_an_unknown_session_is_none(store: Store) -> None:
    assert await store.read(lambda connection: sessions.get(connection, "cs_test_0")) is None


async def test_the_newest_come_first_and_no_more_than_asked_for(store: Store) -> None:
    made = [session_object(n, "pro", 1, created=1_000 + n) for n in range(20)]
    await store.write(
        lambda connection: sessions.upsert_sessions(connection, [copies(made[::2] + made[1::2])])
    )
    newest = await store.read(lambda connection: sessions.recent(connection, 3))
    assert [session.created for session in newest] == [1_019, 1_018, 1_017]


@pytest.mark.parametrize("at_once", [True, False], ids=["in one batch", "one by one"])
async def test_whatever_order_states_arrive_in_the_furthest_stays(
    store: Store, *, at_once: bool
) -> None:
    lives = ((OPEN, DECLINED, DELAYED, FAILED, PAID), (OPEN, DECLINED, EXPIRED))
    orders = [itertools.product(life, repeat=length) for life in lives for length in (2, 3)]
    arrivals = {f"cs_test_{n}": order for n, order in enumerate(itertools.chain(*orders))}

    def arrive(connection: Connection) -> None:
        for name, order in arrivals.items():
            session = session_object(1, "pro", 1) | {"id": name}
            states = [copies([session | one.state], failure=one.failure) for one in order]
            for batch in [states] if at_once else [[one] for one in states]:
                sessions.upsert_sessions(connection, batch)

    await store.write(arrive)
    for name, order in arrivals.items():
        found = await store.read(partial(sessions.get, session_id=name))
        assert found is not None
        assert found.outcome == max(order).outcome, f"{order} ended as {found.outcome}"


async def test_the_columns_that_filters_use_follow_the_object(store: Store) -> None:
    made = session_object(1, "credits", 5)
    await store.write(
        lambda connection: sessions.upsert_sessions(
            connection, [copies([made]), copies([made | PAID.state], quantity=4)]
        )
    )
    row = await store.read(
        lambda connection: connection.execute(select(checkout_sessions)).mappings().one()
    )
    assert (row["outcome"], row["kind"], row["quantity"]) == ("paid", "credits", 4)
    assert (row["amount_total"], row["currency"], row["source"]) == (495, "usd", "page")


async def test_another_apps_session_is_stored_as_such(store: Store) -> None:
    foreign = session_object(1, "credits", 5, ours=False)
    await store.write(lambda connection: sessions.upsert_sessions(connection, [copies([foreign])]))
    (found,) = await store.read(lambda connection: sessions.recent(connection, 10))
    assert (found.ours, found.kind) == (False, None)


async def test_more_than_one_statement_holds_are_stored(store: Store) -> None:
    many = [session_object(n, "pro", 1) for n in range(2 * MOST_ROWS + 9)]
    await store.write(lambda connection: sessions.upsert_sessions(connection, [copies(many)]))
    kept = await store.read(lambda connection: len(sessions.recent(connection, 10_000)))
    assert kept == len(many)


async def test_keeping_nothing_changes_nothing(store: Store) -> None:
    await store.write(lambda connection: sessions.upsert_sessions(connection, [copies([])]))
    assert await store.read(lambda connection: sessions.recent(connection, 1)) == []


async def test_a_session_is_found_by_its_mail_ids_and_metadata(store: Store) -> None:
    made = session_object(7, "credits", 1)
    made["metadata"]["Order"] = "Nr. 42 Ä"
    await store.write(lambda connection: sessions.upsert_sessions(connection, [copies([made])]))
    terms = await store.read(
        lambda connection: set(connection.scalars(select(session_terms.c.term)))
    )
    assert terms >= {"buyer7@example.com", "example.com", "cus_7", "pi_7", "nr. 42 ä"}
    assert "billing-dashboard" not in terms
