"""The follower fills our copy of the sessions once, and then keeps step at the same small cost."""

from __future__ import annotations

import logging
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert

from billing import fulfillment
from billing.services import Services
from billing.settings.model import ENVIRONMENT, LOCAL_SANDBOX
from billing.store import leases, sync_state
from billing.store.tables import leases as lease_rows
from billing.stripe_api.gateway import PAGE_SIZE
from billing.sync import checkpoint
from billing.sync.backfill import READERS
from billing.sync.worker import LEASE
from tests.support.records import event_rows, granted_totals, ledger
from tests.support.services import at_work, open_services
from tests.support.settings import settings_for
from tests.support.stripe_account import (
    ACCOUNT,
    DOWN,
    LIST_EVENTS,
    LIST_SESSIONS,
    NO_FAULTS,
    Faults,
    StripeAccount,
)
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from types import ModuleType

    from billing.domain.sync_state import SyncState

pytestmark = pytest.mark.anyio

PAID: dict[str, Any] = {"status": "complete", "payment_status": "paid", "url": None}
EXPIRED: dict[str, Any] = {"status": "expired", "url": None}
DAY = 86_400
SLOW = Faults(delayed=1.0, delay_seconds=0.2)


@pytest.fixture
async def services(account: StripeAccount, database_url: str) -> AsyncIterator[Services]:
    async with open_services(account.url, database_url) as opened:
        yield opened


@asynccontextmanager
async def in_step(services: Services) -> AsyncIterator[None]:
    """The mirror at work, and full."""
    async with at_work(services.sync_worker.run, services.event_processor.run):
        await complete(services)
        yield


def sell_history(account: StripeAccount, count: int, **values: Any) -> None:
    """So many sessions, one a minute until now; each tenth is paid, the others end in a day."""
    now = int(time.time())
    for number in range(count):
        created = now - 60 * (count - number)
        unpaid = EXPIRED if created < now - DAY else {}
        account.sell("credits", 1, created=created, **values, **(unpaid if number % 10 else PAID))


async def state(services: Services) -> SyncState:
    return (await services.mirror.recent(1)).state


async def complete(services: Services) -> None:
    async def is_complete() -> bool:
        return (await state(services)).complete

    await until(is_complete, "a mirror that is complete")


async def count(services: Services) -> int:
    return len((await services.mirror.recent(1_000_000)).sessions)


async def shown(services: Services, session_id: str) -> None:
    async def is_shown() -> bool:
        return await services.mirror.session(session_id) is not None

    await until(is_shown, f"{session_id} in the mirror")


async def granted(services: Services, session_id: str) -> None:
    async def is_granted() -> bool:
        return session_id in await ledger(services.store)

    await until(is_granted, f"a grant for {session_id}")


async def later_step(services: Services) -> None:
    """Return once a step has begun after now, and ended."""
    now = time.time()

    async def has_been() -> bool:
        return (await state(services)).as_of > now

    await until(has_been, "another step")


async def test_before_the_first_step_it_is_empty_and_says_so(services: Services) -> None:
    recent = await services.mirror.recent(10)
    assert recent.sessions == ()
    assert (recent.state.complete, recent.state.as_of, recent.state.read) == (False, 0.0, 0)


async def test_the_first_fill_shows_its_progress_and_brings_everything(
    services: Services, account: StripeAccount
) -> None:
    sell_history(account, 1_500)
    account.faults = SLOW
    seen: set[int] = set()
    async with at_work(services.sync_worker.run):

        async def is_complete() -> bool:
            now = await state(services)
            if now.read and not now.complete:
                seen.add(now.read)
            return now.complete

        await until(is_complete)
    assert seen, "partial, and says so"
    assert await count(services) == 1_500
    assert (await state(services)).read == 1_500
    assert await services.store.read(granted_totals) == {"credits": 150}


async def test_cut_off_in_the_middle_it_is_partial_and_goes_on_where_it_stopped(
    services: Services, account: StripeAccount, database_url: str
) -> None:
    sell_history(account, 4_000)
    account.faults = SLOW

    async def has_begun() -> bool:
        return (await state(services)).read >= 1_000

    async with at_work(services.sync_worker.run):
        await until(has_begun)
    cut_off = await state(services)
    assert not cut_off.complete
    assert 1_000 <= cut_off.read < 4_000
    account.faults = NO_FAULTS
    listed = account.listed
    async with open_services(account.url, database_url) as again, in_step(again):
        assert await count(again) == 4_000
        under_way = READERS * PAGE_SIZE
        assert account.listed - listed <= 4_000 - cut_off.read + under_way
        assert (await state(again)).complete


async def test_without_any_webhook_a_payment_is_seen_and_granted(
    services: Services, account: StripeAccount
) -> None:
    sold = account.sell("credits", 5)
    account.say("expired", account.sell("pro", status="expired"))
    async with in_step(services):
        await shown(services, sold["id"])
        account.say("completed", account.pay(sold))
        await granted(services, sold["id"])
        seen = await services.mirror.session(sold["id"])
        assert seen is not None
        assert seen.is_paid


async def test_a_session_made_elsewhere_appears_and_a_session_made_here_at_once(
    services: Services, account: StripeAccount
) -> None:
    async with in_step(services):
        elsewhere = account.sell("pro", ours=False)
        await shown(services, elsewhere["id"])
        here = account.sell("pro")
        services.mirror.enqueue(here)
        newest = (await services.mirror.recent(10)).sessions
        assert {one.id: one.ours for one in newest} == {elsewhere["id"]: False, here["id"]: True}


async def test_more_than_a_page_at_once_is_followed_whole(
    services: Services, account: StripeAccount
) -> None:
    account.sell()
    account.say("completed", account.sell("credits", 1, **PAID))
    async with in_step(services):
        made = [account.sell("credits", 1, **PAID) for _ in range(350)]
        for one in made:
            account.say("completed", one)
        for one in made:
            await shown(services, one["id"])
    assert await services.store.read(granted_totals) == {"credits": 351}


async def test_from_an_empty_account_more_than_a_page_at_once_is_followed_whole(
    services: Services, account: StripeAccount
) -> None:
    async with in_step(services):
        made = [account.sell("credits", 1, **PAID) for _ in range(250)]
        for one in made:
            account.say("completed", one)
        for one in made:
            await shown(services, one["id"])
    assert await services.store.read(granted_totals) == {"credits": 250}


async def recorded(services: Services, *told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The records of these events, once all are there."""

    async def are_known() -> bool:
        return {event["id"] for event in told} <= (await event_rows(services.store)).keys()

    await until(are_known, "events in the store")
    return await event_rows(services.store)


async def test_an_event_that_stripe_lists_late_below_newer_ones_is_not_missed(
    services: Services, account: StripeAccount
) -> None:
    first = account.say("completed", account.sell("credits", 1, **PAID), listed=False)
    account.list_late(first, seconds=300)
    async with in_step(services):
        newer = account.say("completed", account.sell("credits", 3, **PAID))
        await recorded(services, newer)
        late = account.say("completed", account.sell("credits", 5, **PAID), listed=False)
        account.list_late(late, seconds=30)
        assert first["id"] not in await recorded(services, late), "before it was followed"


async def test_what_changes_within_the_look_back_is_seen_without_an_event(
    services: Services, account: StripeAccount
) -> None:
    async with in_step(services):
        sold = account.sell("credits", 5)
        await shown(services, sold["id"])
        account.pay(sold)
        await granted(services, sold["id"])


async def test_declines_are_polled_too_and_change_nothing(
    services: Services, account: StripeAccount
) -> None:
    async with in_step(services):
        declined = account.say("payment_intent.payment_failed", account.sell())
        row = (await recorded(services, declined))[declined["id"]]
        assert (row["state"], row["source"]) == ("ignored", "poll")


async def test_a_session_that_is_open_beyond_its_time_is_asked_for(
    services: Services, account: StripeAccount, database_url: str
) -> None:
    account.sell()
    async with in_step(services):
        await later_step(services)
    ended = account.sell(created=int(time.time()) - 100_000)  # lies below what is followed
    await services.fulfillment.upsert_and_grant([ended])
    account.become(ended, status="expired", url=None)
    async with open_services(account.url, database_url) as again, in_step(again):

        async def expired() -> bool:
            known = await again.mirror.session(ended["id"])
            return known is not None and known.status == "expired"

        await until(expired)


async def test_when_its_place_is_gone_it_reads_all_again(
    services: Services, account: StripeAccount
) -> None:
    account.say("expired", account.sell("pro", status="expired"))
    async with in_step(services):
        account.reset()
        anew = [account.sell("credits", 2, **PAID) for _ in range(250)]
        for one in anew:
            await shown(services, one["id"])
        await complete(services)
        assert (await state(services)).failure is None
    assert await services.store.read(granted_totals) == {"credits": 500}


async def test_while_stripe_is_down_it_says_so_shows_what_it_has_and_heals_by_itself(
    services: Services, account: StripeAccount
) -> None:
    known = account.sell()
    async with in_step(services):
        await shown(services, known["id"])
        account.faults = DOWN

        async def failed() -> bool:
            return (await state(services)).failure is not None

        await until(failed)
        told = await state(services)
        assert "HTTP 500" in (told.failure or "")
        assert told.request_id == "req_of_the_test"
        assert told.complete
        assert await count(services) == 1
        account.faults = NO_FAULTS
        made_meanwhile = account.sell()
        await shown(services, made_meanwhile["id"])
        await later_step(services)
        now = await state(services)
        assert now.failure is None
        assert now.as_of > told.as_of


async def test_down_from_the_start_it_fills_when_stripe_comes_back(
    services: Services, account: StripeAccount
) -> None:
    sell_history(account, 250)
    account.faults = DOWN

    async def failed() -> bool:
        return (await state(services)).failure is not None

    async with at_work(services.sync_worker.run):
        await until(failed)
        account.faults = NO_FAULTS
        await complete(services)
    assert await count(services) == 250


async def test_429_is_backed_off_from_and_nothing_is_missing(
    services: Services, account: StripeAccount
) -> None:
    sell_history(account, 400)
    account.faults = Faults(rate_limited=0.25, seed=4)  # of the first ten requests, five
    async with in_step(services):
        assert await count(services) == 400
    assert account.asked[LIST_SESSIONS] < 30, "a refused page is not asked for in a hurry"


async def test_one_process_leads_and_another_takes_over_when_it_leaves(
    services: Services, account: StripeAccount, database_url: str
) -> None:
    sell_history(account, 250)
    async with open_services(account.url, database_url) as second:
        async with in_step(services), at_work(second.sync_worker.run):
            for _ in range(5):
                await later_step(services)
            assert account.asked[ACCOUNT] == 1, "the second has asked nothing"
            assert await count(second) == 250, "and shows what the first has read"
        async with at_work(second.sync_worker.run):
            elsewhere = account.sell()
            await shown(second, elsewhere["id"])
    assert account.asked[ACCOUNT] == 2


async def test_when_the_leader_died_its_lease_runs_out_and_another_takes_over(
    services: Services, account: StripeAccount
) -> None:
    sell_history(account, 50)
    ends = time.time() + 0.5
    await services.store.write(
        lambda connection: leases.acquire(connection, LEASE, "a dead process", 0.5)
    )
    async with in_step(services):
        assert time.time() >= ends
        assert await count(services) == 50


async def test_a_clock_that_was_set_back_holds_nothing_up(
    services: Services, account: StripeAccount
) -> None:
    future = time.time() + 3_600
    dead = {"name": LEASE, "holder": "a dead process", "until": future}
    await services.store.write(lambda connection: connection.execute(insert(lease_rows), dead))
    await services.store.write(partial(checkpoint.record_failure, failure={"as_of": future}))
    known = account.sell("credits", 5, created=int(future), **PAID)
    async with in_step(services):
        await granted(services, known["id"])

        async def told() -> bool:
            return (await state(services)).as_of < future

        await until(told, "a time of the last look that has been")


async def test_an_outage_is_logged_when_it_begins_and_not_at_every_step(
    services: Services, account: StripeAccount, caplog: pytest.LogCaptureFixture
) -> None:
    account.say("completed", account.pay(account.sell("credits", 5)))
    async with in_step(services):
        account.faults = DOWN
        asked = account.asked.total()

        async def asked_often() -> bool:
            return account.asked.total() > asked + 50

        await until(asked_often, "many steps during the outage")
    warnings = [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert "HTTP 500" in warnings[0]


@pytest.mark.parametrize("length", [1_000, 20_000])
async def test_a_step_costs_two_requests_however_long_the_history_is(
    account: StripeAccount, sqlite_url: str, length: int
) -> None:
    """20,000 sessions are 200 pages: a step that read on with the history would ask for more than
    two of them, here as with a million."""
    sell_history(account, length, customer=None, customer_details=None, payment_intent=None)
    account.say("expired", account.sell("pro", status="expired"))
    async with open_services(account.url, sqlite_url, sync_step_seconds=3_600.0) as services:

        async def one_step() -> None:
            async with at_work(services.sync_worker.run):
                await later_step(services)

        await one_step()  # the first one fills the copy
        before = account.asked.copy()
        for _ in range(10):
            await one_step()
        assert account.asked - before == {LIST_SESSIONS: 10, LIST_EVENTS: 10}


async def test_a_key_that_may_not_read_events_follows_the_sessions_and_says_what_it_lacks(
    services: Services, account: StripeAccount
) -> None:
    account.forbidden[f"GET {LIST_EVENTS}"] = "\"Events Read\" ('event_read')"
    known = account.sell("credits", 2, **PAID)
    async with in_step(services):
        await granted(services, known["id"])
        elsewhere = account.sell("credits", 5)
        await shown(services, elsewhere["id"])
        told = await state(services)
        assert told.failure is None
        assert "Enabling \"Events Read\" ('event_read')" in (told.no_events or "")
        assert (await services.event_log.delivery_health()).text == told.no_events
        assert account.asked[LIST_EVENTS] == 2, "at the start and at the first step, then rarely"


async def test_events_are_followed_once_the_key_may_read_them(
    account: StripeAccount, sqlite_url: str
) -> None:
    account.forbidden[f"GET {LIST_EVENTS}"] = "\"Events Read\" ('event_read')"
    sold = account.sell("credits", 5)
    async with (
        open_services(account.url, sqlite_url, forbidden_retry_seconds=0.05) as services,
        in_step(services),
    ):
        account.forbidden.clear()
        await recorded(services, account.say("completed", account.pay(sold)))
        await later_step(services)
        assert (await state(services)).no_events is None


async def test_a_key_that_may_not_name_its_account_is_not_taken_for_another_once_it_may(
    services: Services, account: StripeAccount, database_url: str
) -> None:
    account.forbidden[f"GET {ACCOUNT}"] = "\"Accounts Read\" ('account_read')"
    async with in_step(services):
        await later_step(services)
    account.forbidden.clear()
    async with open_services(account.url, database_url) as again, at_work(again.sync_worker.run):
        await later_step(again)
        assert (await state(again)).failure is None


@pytest.mark.parametrize(
    ("source", "message", "next_step"),
    [
        (ENVIRONMENT, "of another Stripe account, acct_former; the key", "DATABASE_URL"),
        (LOCAL_SANDBOX, "belong to an earlier local sandbox", "Test kit page"),
    ],
)
async def test_a_sandbox_whose_file_was_removed_is_told_from_another_account(
    account: StripeAccount, database_url: str, source: str, message: str, next_step: str
) -> None:
    settings = replace(
        settings_for(account.url, database_url), sources={"STRIPE_SECRET_KEY": source}
    )
    services = Services(settings, stripe_name="Stripe under test")
    try:
        await services.store.write(partial(checkpoint.save, position={"account": "acct_former"}))
        async with at_work(services.sync_worker.run):

            async def told() -> bool:
                return (await state(services)).failure is not None

            await until(told, "the reason")
        failed = await state(services)
        assert message in (failed.failure or "")
        assert next_step in (failed.next_step or "")
        assert account.listed == 0
    finally:
        await services.aclose()


@pytest.mark.parametrize(
    ("module", "name"),
    [(checkpoint, "load"), (fulfillment, "upsert_and_grant"), (leases, "acquire"), (leases, "now")],
    ids=["reading", "storing", "the lease", "the time"],
)
async def test_the_mirror_goes_on_after_what_nobody_foresaw_and_says_so_meanwhile(
    services: Services,
    account: StripeAccount,
    monkeypatch: pytest.MonkeyPatch,
    module: ModuleType,
    name: str,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    async def told() -> bool:
        saved = await services.store.read(lambda connection: sync_state.load(connection, "mirror"))
        return "ZeroDivisionError" in (saved.get("failure") or "")

    async def is_in_order() -> bool:
        return (await state(services)).failure is None

    async with in_step(services):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, fail)
            sold = account.sell()
            await until(told, "the failure is told")
        await shown(services, sold["id"])
        await until(is_in_order, "all is in order again")


async def test_a_stripe_that_answers_strangely_makes_the_mirror_say_so(
    services: Services, account: StripeAccount
) -> None:
    async with in_step(services):
        account.faults = Faults(strange=1.0)

        async def told() -> bool:
            return "not in the format of Stripe's API" in ((await state(services)).failure or "")

        await until(told, "the mirror tells what came")
        account.faults = NO_FAULTS
        sold = account.sell()
        await shown(services, sold["id"])
