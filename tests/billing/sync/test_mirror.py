"""Our copy of the sessions answers with what was made here, whatever the database is busy with."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from billing.domain.sessions.details import SessionLookup
from billing.errors import StoreFailure
from billing.store import sessions
from billing.sync.mirror import Mirror
from tests.support.servers.services import open_services
from tests.support.servers.timings import QUICK
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from billing.services import Services
    from tests.support.stripe_account import StripeAccount

pytestmark = pytest.mark.anyio

ANSWERS_WITHIN = 20.0


async def test_a_session_that_is_being_stored_is_waited_for(
    services: Services, account: StripeAccount
) -> None:
    may_go_on = threading.Event()

    def slow(_connection: Connection) -> None:
        may_go_on.wait()

    busy = asyncio.create_task(services.store.write(slow))
    made = account.sell("pro")
    services.mirror.enqueue(made)
    asked = []
    for _ in range(3):
        asked.append(asyncio.create_task(services.mirror.recent(10)))
        for _ in range(10):
            await services.store.ping()
    may_go_on.set()
    for answer in await asyncio.gather(*asked):
        assert [one.id for one in answer.sessions] == [made["id"]]
    await busy


async def test_the_story_of_a_session_just_made_names_the_request_that_made_it(
    services: Services, account: StripeAccount
) -> None:
    made = account.sell("pro")
    services.mirror.enqueue(made, "req_made")
    story = await services.sessions.details(made["id"], SessionLookup())
    assert story.entries[0].request_id == "req_made"


async def test_an_answer_does_not_wait_long_for_a_database_that_is_busy_writing(
    services: Services, account: StripeAccount
) -> None:
    mirror = Mirror(services.store, replace(QUICK, mirror_wait_seconds=0.05))
    may_go_on = threading.Event()
    busy = asyncio.create_task(services.store.write(lambda _: may_go_on.wait()))
    made = account.sell("pro")
    mirror.enqueue(made)
    async with asyncio.timeout(ANSWERS_WITHIN):
        assert await mirror.session(made["id"]) is None
    may_go_on.set()
    await busy
    await stored(services, made)
    await mirror.aclose()


async def test_an_answer_does_not_wait_for_what_is_made_after_the_question(
    services: Services, account: StripeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = services.store.write

    async def write_and_sell(change: Callable[[Connection], Any]) -> Any:
        written = await write(change)
        services.mirror.enqueue(account.sell("pro"))
        return written

    monkeypatch.setattr(services.store, "write", write_and_sell)
    services.mirror.enqueue(account.sell("pro"))
    async with asyncio.timeout(ANSWERS_WITHIN):
        for _ in range(3):
            await services.mirror.recent(10)
    monkeypatch.undo()


async def test_who_makes_more_than_can_be_stored_waits_for_the_database(
    services: Services, account: StripeAccount
) -> None:
    mirror = Mirror(services.store, replace(QUICK, mirror_max_unsaved=3))
    may_go_on = threading.Event()
    busy = asyncio.create_task(services.store.write(lambda _: may_go_on.wait()))
    for _ in range(3):
        mirror.enqueue(account.sell("pro"))
        await mirror.apply_backpressure()
    mirror.enqueue(account.sell("pro"))
    waiting = asyncio.create_task(mirror.apply_backpressure())
    for _ in range(20):
        await services.store.ping()
    assert not waiting.done()
    may_go_on.set()
    await waiting
    await busy
    await mirror.aclose()


async def stored(services: Services, *made: dict[str, Any]) -> None:
    """Return once they are in the database, without a question to the mirror."""
    wanted = {one["id"] for one in made}

    async def are_stored() -> bool:
        found = await services.store.read(partial(sessions.get_many, ids=tuple(wanted)))
        return {one.id for one in found} == wanted

    await until(are_stored, "all of them in the database")


async def test_what_is_made_while_others_are_stored_is_stored_without_anybody_looking(
    services: Services, account: StripeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, storing, may_go_on = services.store.write, asyncio.Event(), asyncio.Event()

    async def slow(change: Callable[[Connection], Any]) -> Any:
        storing.set()
        await may_go_on.wait()
        return await write(change)

    monkeypatch.setattr(services.store, "write", slow)
    made = [account.sell("pro") for _ in range(6)]
    services.mirror.enqueue(made[0])
    await storing.wait()
    for one in made[1:]:
        services.mirror.enqueue(one)
    may_go_on.set()
    await stored(services, *made)


async def test_what_the_database_could_not_take_is_stored_once_it_can(
    services: Services, account: StripeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = Mirror(services.store, replace(QUICK, mirror_retry_seconds=0.1))
    made = account.sell("pro")
    with monkeypatch.context() as down:

        async def fail(_change: object) -> None:
            failed.set()
            raise StoreFailure("The database does not answer.")

        failed = asyncio.Event()
        down.setattr(services.store, "write", fail)
        mirror.enqueue(made, "req_of_the_test")
        await failed.wait()
    await stored(services, made)
    await mirror.aclose()
    request = await services.store.read(partial(sessions.request_id_of, session_id=made["id"]))
    assert request == "req_of_the_test"


async def test_one_session_that_cannot_be_stored_keeps_no_other_from_it(
    services: Services, account: StripeAccount
) -> None:
    made = [account.sell("pro"), {"id": "cs_test_of_no_shape"}, account.sell("pro")]
    for one in made:
        services.mirror.enqueue(one)
    await stored(services, made[0], made[2])
    assert await services.mirror.session(made[0]["id"])


async def test_what_was_just_made_is_stored_when_the_product_stops(
    account: StripeAccount, sqlite_url: str
) -> None:
    made = account.sell("pro")
    async with open_services(account.url, sqlite_url) as services:
        services.mirror.enqueue(made)
    async with open_services(account.url, sqlite_url) as services:
        assert await services.mirror.session(made["id"])
