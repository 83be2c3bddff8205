"""The worker fills our copy of the sessions once, and then keeps it in step at a small cost."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import pytest

from billing.domain.sessions.checkout_session import Outcome
from billing.services import Services
from billing.stripe_api.gateway import PAGE_SIZE
from billing.sync.backfill import READERS
from tests.billing.sync.conftest import (
    count_sessions,
    in_step,
    read_state,
    recorded_events,
    sell_history,
    wait_for_step,
    wait_until_complete,
    wait_until_granted,
    wait_until_shown,
)
from tests.support.database.records import granted_totals, states
from tests.support.servers.services import at_work, open_services
from tests.support.servers.webhooks import deliver
from tests.support.stripe_account import (
    LIST_EVENTS,
    LIST_SESSIONS,
    PAID,
    Faults,
    StripeAccount,
    declined_payment,
    page_of,
)
from tests.support.waiting import until

if TYPE_CHECKING:
    pass


pytestmark = pytest.mark.anyio


DAY = 86_400
SLOW = Faults(delayed=1.0, delay_seconds=0.2)


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
            now = await read_state(services)
            if now.read and not now.complete:
                seen.add(now.read)
            return now.complete

        await until(is_complete)
    assert seen, "partial, and says so"
    assert await count_sessions(services) == 1_500
    assert (await read_state(services)).read == 1_500
    assert await services.store.read(granted_totals) == {"credits": 150}


async def test_cut_off_in_the_middle_it_is_partial_and_goes_on_where_it_stopped(
    services: Services, account: StripeAccount, database_url: str
) -> None:
    sell_history(account, 4_000)
    account.silent_once_listed = 2_000

    async def has_begun() -> bool:
        return (await read_state(services)).read >= 1_000

    async with at_work(services.sync_worker.run):
        await until(has_begun)
    cut_off = await read_state(services)
    assert not cut_off.complete
    assert 1_000 <= cut_off.read < 4_000
    account.silent_once_listed = math.inf
    listed = account.listed
    async with open_services(account.url, database_url) as again, in_step(again):
        assert await count_sessions(again) == 4_000
        under_way = READERS * PAGE_SIZE
        assert account.listed - listed <= 4_000 - cut_off.read + under_way
        assert (await read_state(again)).complete


async def test_without_any_webhook_a_payment_is_seen_and_granted(
    services: Services, account: StripeAccount
) -> None:
    sold = account.sell("credits", 5)
    account.say("expired", account.sell("pro", status="expired"))
    async with in_step(services):
        await wait_until_shown(services, sold["id"])
        account.say("completed", account.pay(sold))
        await wait_until_granted(services, sold["id"])
        seen = await services.mirror.session(sold["id"])
        assert seen is not None
        assert seen.is_paid


async def test_a_session_made_elsewhere_appears_and_a_session_made_here_at_once(
    services: Services, account: StripeAccount
) -> None:
    async with in_step(services):
        elsewhere = account.sell("pro", ours=False)
        await wait_until_shown(services, elsewhere["id"])
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
            await wait_until_shown(services, one["id"])
    assert await services.store.read(granted_totals) == {"credits": 351}


async def test_from_an_empty_account_more_than_a_page_at_once_is_followed_whole(
    services: Services, account: StripeAccount
) -> None:
    async with in_step(services):
        made = [account.sell("credits", 1, **PAID) for _ in range(250)]
        for one in made:
            account.say("completed", one)
        for one in made:
            await wait_until_shown(services, one["id"])
    assert await services.store.read(granted_totals) == {"credits": 250}


async def test_an_event_that_stripe_lists_late_below_newer_ones_is_not_missed(
    services: Services, account: StripeAccount
) -> None:
    first = account.say("completed", account.sell("credits", 1, **PAID), listed=False)
    account.list_late(first, seconds=300)
    async with in_step(services):
        newer = account.say("completed", account.sell("credits", 3, **PAID))
        await recorded_events(services, newer)
        late = account.say("completed", account.sell("credits", 5, **PAID), listed=False)
        account.list_late(late, seconds=30)
        assert first["id"] not in await recorded_events(services, late), "before it was followed"


async def test_what_changes_within_the_look_back_is_seen_without_an_event(
    services: Services, account: StripeAccount
) -> None:
    async with in_step(services):
        sold = account.sell("credits", 5)
        await wait_until_shown(services, sold["id"])
        account.pay(sold)
        await wait_until_granted(services, sold["id"])


async def test_declines_are_polled_and_those_of_other_apps_ignored(
    services: Services, account: StripeAccount
) -> None:
    async with in_step(services), at_work(services.event_processor.run):
        sold = account.sell(client_reference_id="order-1")
        theirs = account.say("payment_intent.payment_failed", declined_payment("pi_x", None))
        account.say("payment_intent.payment_failed", declined_payment("pi_1", "order-1"))
        row = (await recorded_events(services, theirs))[theirs["id"]]
        assert (row["state"], row["source"]) == ("ignored", "poll")

        async def declined() -> bool:
            known = await services.mirror.session(sold["id"])
            return known is not None and known.outcome is Outcome.DECLINED

        await until(declined)


async def test_a_decline_that_was_handled_before_its_session_was_stored_is_found_at_the_next_step(
    services: Services, account: StripeAccount
) -> None:
    sold = account.sell(client_reference_id="order-2")
    failed = account.say("payment_intent.payment_failed", declined_payment("pi_2", "order-2"))
    async with at_work(services.event_processor.run):
        await deliver(services, failed)

        async def handled() -> bool:
            return await states(services.store) == {"handled": 1}

        await until(handled)
    services.mirror.enqueue(sold)

    async def outcome() -> Outcome | None:
        known = await services.mirror.session(sold["id"])
        return None if known is None else known.outcome

    assert await outcome() is Outcome.OPEN
    async with in_step(services):

        async def declined() -> bool:
            return await outcome() is Outcome.DECLINED

        await until(declined)


async def test_a_session_that_is_open_beyond_its_time_is_asked_for(
    services: Services, account: StripeAccount, database_url: str
) -> None:
    account.sell()
    async with in_step(services):
        await wait_for_step(services)
    ended = account.sell(created=int(time.time()) - 100_000)  # lies below what is followed
    await services.fulfillment.upsert_and_grant(page_of([ended]))
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
            await wait_until_shown(services, one["id"])
        await wait_until_complete(services)
        assert (await read_state(services)).failure is None
    assert await services.store.read(granted_totals) == {"credits": 500}


@pytest.mark.parametrize("length", [500, 5_000])
async def test_a_step_costs_two_requests_however_long_the_history_is(
    account: StripeAccount, sqlite_url: str, length: int
) -> None:
    """5,000 sessions are 50 pages: a step that read on with the history would ask for more than
    two of them, here as with a million."""
    sell_history(account, length, customer=None, customer_details=None, payment_intent=None)
    account.say("expired", account.sell("pro", status="expired"))
    async with open_services(account.url, sqlite_url, sync_step_seconds=3_600.0) as services:

        async def one_step() -> None:
            async with at_work(services.sync_worker.run):
                await wait_for_step(services)

        await one_step()  # the first one fills the copy
        before = account.asked.copy()
        for _ in range(10):
            await one_step()
        assert account.asked - before == {LIST_SESSIONS: 10, LIST_EVENTS: 10}
