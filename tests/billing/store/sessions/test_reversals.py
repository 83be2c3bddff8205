"""What went back of a payment stays known, whatever else is read of its session, and when."""

from __future__ import annotations

import itertools
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from billing.domain.sessions.checkout_session import Outcome
from billing.domain.sessions.filters import SessionFilter
from billing.store import sessions
from billing.store.tables import checkout_sessions
from tests.support.database.stored import copies
from tests.support.stripe_account import session_object

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from billing.store import Store

pytestmark = pytest.mark.anyio

OPEN = {"status": "open", "payment_status": "unpaid"}
PAID = {"status": "complete", "payment_status": "paid"}
AMOUNTS = {  # of $9.90: refunded, disputed
    (0, 0): Outcome.PAID,
    (1, 0): Outcome.PARTLY_REFUNDED,
    (989, 0): Outcome.PARTLY_REFUNDED,
    (990, 0): Outcome.REFUNDED,
    (991, 0): Outcome.REFUNDED,
    (0, 990): Outcome.DISPUTED,
    (990, 990): Outcome.DISPUTED,
}


def a_session(**state: Any) -> dict[str, Any]:
    return session_object(1, "credits", 10) | {"amount_total": 990} | state


async def outcome(store: Store, session_id: str) -> Outcome:
    """What became of it: read by itself, as filters see it, and as figures count it."""

    def read(connection: Connection) -> Outcome:
        found = sessions.get(connection, session_id)
        assert found is not None
        column = connection.scalar(
            select(checkout_sessions.c.outcome).where(checkout_sessions.c.id == session_id)
        )
        assert column == found.outcome
        wanted = SessionFilter(outcomes=frozenset({found.outcome}))
        assert sessions.page(connection, wanted, 1).sessions == (found,)
        return found.outcome

    return await store.read(read)


async def test_refunds_and_disputes_outlast_every_other_reading_of_the_session(
    store: Store,
) -> None:
    for amounts, expected in AMOUNTS.items():
        one = a_session()
        steps = {
            "open": partial(sessions.upsert_sessions, batches=[copies([one | OPEN])]),
            "paid": partial(sessions.upsert_sessions, batches=[copies([one | PAID])]),
            "went back": partial(sessions.record_reversals, amounts={one["id"]: amounts}),
        }
        for order in set(itertools.permutations(("paid", "open", "went back", "paid"))):
            if order[0] == "went back":
                continue  # only what is stored is updated
            await store.write(lambda connection: connection.execute(checkout_sessions.delete()))
            for name in order:
                await store.write(steps[name])
            assert await outcome(store, one["id"]) == expected, order


async def test_a_refund_that_fails_and_a_dispute_that_is_won_bring_it_back_to_paid(
    store: Store,
) -> None:
    one = a_session(**PAID)
    await store.write(partial(sessions.upsert_sessions, batches=[copies([one])]))
    for amounts in ((990, 0), (300, 0), (300, 690), (300, 0), (0, 0)):
        await store.write(partial(sessions.record_reversals, amounts={one["id"]: amounts}))
        assert await outcome(store, one["id"]) == AMOUNTS.get(
            amounts, Outcome.DISPUTED if amounts[1] else Outcome.PARTLY_REFUNDED
        )


async def test_a_free_session_stays_paid_and_an_unpaid_one_has_nothing_to_refund(
    store: Store,
) -> None:
    free = a_session(status="complete", payment_status="no_payment_required", amount_total=None)
    await store.write(partial(sessions.upsert_sessions, batches=[copies([free])]))
    assert await outcome(store, free["id"]) is Outcome.PAID
    await store.write(partial(sessions.record_reversals, amounts={"cs_test_of_nobody": (1, 0)}))
    await store.write(partial(sessions.record_reversals, amounts={}))
    assert await outcome(store, free["id"]) is Outcome.PAID
