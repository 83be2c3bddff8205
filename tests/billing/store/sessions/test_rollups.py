"""The rollups say what the sessions say, whatever happens to those."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, update

from billing.domain.sessions.checkout_session import Outcome
from billing.maintenance.rollups import Rollups
from billing.store import sessions
from billing.store.ledger import lines
from billing.store.sessions import SessionRows, rollups
from billing.store.sessions.facets import Facet, by_facet, session_counts, typical_seconds
from billing.store.tables import checkout_sessions, session_rollups
from tests.billing.store.ledger.test_lines import LINE
from tests.billing.store.sessions.history import Stored, history
from tests.support.database.stored import copies
from tests.support.stripe_account import session_object

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from billing.store import Store

pytestmark = pytest.mark.anyio

PHASES = (22 * 3600, 18 * 3600 + 1800)  # of Berlin's summer and of Kolkata
STEPS = 60


def compare(connection: Connection) -> list[str]:
    grids = rollups.grids(connection)
    return [str(one) for grid in grids for one in rollups.differences(connection, *grid)]


def happen(connection: Connection, chance: random.Random, made: list[Stored]) -> None:
    """Something that can happen to sessions, by this app or past it."""
    some = chance.sample(made, chance.randint(1, 20))
    ids = [session.id for session, _ in some]
    changed = update(checkout_sessions).where(checkout_sessions.c.id.in_(ids))
    match chance.randrange(9):
        case 0 | 1:
            sessions.upsert_sessions(connection, [SessionRows.of(some)])
        case 2:
            amounts = {one: (chance.randrange(3), chance.randrange(2)) for one in ids}
            sessions.record_reversals(connection, amounts)
        case 3:
            seconds = chance.randrange(200_000)
            connection.execute(changed.values(completed_at=checkout_sessions.c.created + seconds))
        case 4:
            outcome = chance.choice(list(Outcome))
            connection.execute(changed.values(outcome=outcome, failure_code="expired_card"))
        case 5:
            connection.execute(delete(checkout_sessions).where(checkout_sessions.c.id.in_(ids[:2])))
        case 6:
            rollups.count_days(connection, chance.randint(1, 40))
        case 7:
            written = [replace(LINE, subject=one, session_id=one) for one in ids[::2]]
            known = lines.of_subjects(connection, ids)
            again = [replace(one[-1], sequence=one[-1].sequence + 1) for one in known.values()]
            new = [one for one in written if one.subject not in known]
            more = [replace(one, sequence=2) for one in new]  # about the same session, at once
            lines.add(connection, new + more + again)
        case 8:
            rollups.fold(connection, chance.randint(1, 30))


@pytest.mark.parametrize("seed", range(2))
async def test_whatever_happens_they_say_what_the_sessions_say(store: Store, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same history at every run
    made = history(200)

    def live(connection: Connection) -> None:
        for step in range(STEPS):
            happen(connection, chance, made)
            if step == STEPS // 3:
                rollups.add_phases(connection, PHASES)
            if step % 20 == 0:
                assert compare(connection) == []

    await store.write(live)
    while await Rollups(store).fold():
        pass
    assert await store.read(compare) == []
    assert {phase for _, phase in await store.read(rollups.grids)} == {0, *PHASES}
    assert not await store.read(rollups.has_deltas)


async def test_what_is_stored_again_as_it_was_leaves_no_delta(store: Store) -> None:
    batch = copies(data for _, data in history(20))
    await store.write(partial(sessions.upsert_sessions, batches=[batch]))
    assert await Rollups(store).fold() is False
    await store.write(partial(sessions.upsert_sessions, batches=[batch]))
    assert not await store.read(rollups.has_deltas)


async def test_a_difference_is_found_and_a_rebuild_mends_it(store: Store) -> None:
    await store.write(partial(sessions.upsert_sessions, batches=[SessionRows.of(history(50))]))
    worker = Rollups(store)
    await worker.fold()
    wrong = update(session_rollups).where(session_rollups.c.length == 3600)
    await store.write(lambda connection: connection.execute(wrong.values(number=7)).rowcount)
    assert {one.length for one in await worker.compare()} == {3600}
    await worker.rebuild()
    assert await worker.compare() == []


async def test_a_time_to_pay_is_counted_to_within_3_2_percent(store: Store) -> None:
    paid = {"status": "complete", "payment_status": "paid"}
    times = [0, 31, 32, 33, 100, 3_601, 86_399, 131_071]
    made = [session_object(number, "pro", 1, number) | paid for number in range(len(times))]
    timed = by_facet(session_counts(), [Facet.SECONDS])

    def complete(connection: Connection) -> dict[int, str]:
        sessions.upsert_sessions(connection, [copies(made)])
        for number, seconds in enumerate(times):
            changed = update(checkout_sessions).where(checkout_sessions.c.created == number)
            connection.execute(changed.values(completed_at=number + seconds))
        return {row.created: row.value for row in connection.execute(timed)}

    found = await store.write(complete)
    for number, seconds in enumerate(times):
        assert typical_seconds(found[number]) == pytest.approx(seconds, rel=0.032)
