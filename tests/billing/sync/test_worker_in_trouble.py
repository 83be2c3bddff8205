"""The worker goes on after outages, refusals and what nobody foresaw, and says so meanwhile."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert

from billing.ledger import fulfillment
from billing.services import Services
from billing.settings.model import ENVIRONMENT, LOCAL_SANDBOX
from billing.store import leases, sync_state
from billing.store.tables import leases as lease_rows
from billing.sync import checkpoint
from billing.sync.worker import LEASE
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
from tests.support.servers.services import at_work, open_services
from tests.support.servers.settings import settings_for
from tests.support.stripe_account import (
    ACCOUNT,
    DOWN,
    LIST_EVENTS,
    LIST_SESSIONS,
    NO_FAULTS,
    PAID,
    Faults,
    StripeAccount,
)
from tests.support.waiting import until

if TYPE_CHECKING:
    from types import ModuleType


pytestmark = pytest.mark.anyio


DAY = 86_400


async def test_while_stripe_is_down_it_says_so_shows_what_it_has_and_heals_by_itself(
    services: Services, account: StripeAccount
) -> None:
    known = account.sell()
    async with in_step(services):
        await wait_until_shown(services, known["id"])
        account.faults = DOWN

        async def failed() -> bool:
            return (await read_state(services)).failure is not None

        await until(failed)
        told = await read_state(services)
        assert "HTTP 500" in (told.failure or "")
        assert told.request_id == "req_of_the_test"
        assert told.complete
        assert await count_sessions(services) == 1
        account.faults = NO_FAULTS
        made_meanwhile = account.sell()
        await wait_until_shown(services, made_meanwhile["id"])
        await wait_for_step(services)
        now = await read_state(services)
        assert now.failure is None
        assert now.as_of > told.as_of


async def test_down_from_the_start_it_fills_when_stripe_comes_back(
    services: Services, account: StripeAccount
) -> None:
    sell_history(account, 250)
    account.faults = DOWN

    async def failed() -> bool:
        return (await read_state(services)).failure is not None

    async with at_work(services.sync_worker.run):
        await until(failed)
        account.faults = NO_FAULTS
        await wait_until_complete(services)
    assert await count_sessions(services) == 250


async def test_429_is_backed_off_from_and_nothing_is_missing(
    services: Services, account: StripeAccount
) -> None:
    sell_history(account, 400)
    account.faults = Faults(rate_limited=0.25, seed=4)  # of the first ten requests, five
    async with in_step(services):
        assert await count_sessions(services) == 400
    assert account.asked[LIST_SESSIONS] < 45, "a refused page is not asked for in a hurry"


async def test_one_process_leads_and_another_takes_over_when_it_leaves(
    services: Services, account: StripeAccount, database_url: str
) -> None:
    sell_history(account, 250)
    async with open_services(account.url, database_url) as second:
        async with in_step(services), at_work(second.sync_worker.run):
            for _ in range(5):
                await wait_for_step(services)
            assert account.asked[ACCOUNT] == 1, "the second has asked nothing"
            assert await count_sessions(second) == 250, "and shows what the first has read"
        async with at_work(second.sync_worker.run):
            elsewhere = account.sell()
            await wait_until_shown(second, elsewhere["id"])
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
        assert await count_sessions(services) == 50


async def test_a_clock_that_was_set_back_holds_nothing_up(
    services: Services, account: StripeAccount
) -> None:
    future = time.time() + 3_600
    dead = {"name": LEASE, "holder": "a dead process", "until": future}
    await services.store.write(lambda connection: connection.execute(insert(lease_rows), dead))
    await services.store.write(partial(checkpoint.record_failure, failure={"as_of": future}))
    known = account.sell("credits", 5, created=int(future), **PAID)
    async with in_step(services):
        await wait_until_granted(services, known["id"])

        async def told() -> bool:
            return (await read_state(services)).as_of < future

        await until(told, "a time of the last look that has been")


async def test_an_outage_is_logged_when_it_begins_and_not_at_every_step(
    services: Services, account: StripeAccount, caplog: pytest.LogCaptureFixture
) -> None:
    account.say("completed", account.pay(account.sell("credits", 5)))
    async with in_step(services):
        account.faults = DOWN
        asked = account.asked.total()

        async def asked_often() -> bool:
            return account.asked.total() > asked + 20

        await until(asked_often, "many steps during the outage")
    warnings = [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert "HTTP 500" in warnings[0]


async def test_a_key_that_may_not_read_events_follows_the_sessions_and_says_what_it_lacks(
    services: Services, account: StripeAccount
) -> None:
    account.forbidden[f"GET {LIST_EVENTS}"] = "\"Events Read\" ('event_read')"
    known = account.sell("credits", 2, **PAID)
    async with in_step(services):
        await wait_until_granted(services, known["id"])
        elsewhere = account.sell("credits", 5)
        await wait_until_shown(services, elsewhere["id"])
        await wait_for_step(services)
        told = await read_state(services)
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
        await recorded_events(services, account.say("completed", account.pay(sold)))
        await wait_for_step(services)
        assert (await read_state(services)).no_events is None


async def test_a_key_that_may_not_name_its_account_is_not_taken_for_another_once_it_may(
    services: Services, account: StripeAccount, database_url: str
) -> None:
    account.forbidden[f"GET {ACCOUNT}"] = "\"Accounts Read\" ('account_read')"
    async with in_step(services):
        await wait_for_step(services)
    account.forbidden.clear()
    async with open_services(account.url, database_url) as again, at_work(again.sync_worker.run):
        await wait_for_step(again)
        assert (await read_state(again)).failure is None


@pytest.mark.parametrize(
    ("source", "message", "next_step"),
    [
        (ENVIRONMENT, "of another Stripe account, acct_former; the key", "DATABASE_URL"),
        (LOCAL_SANDBOX, "belong to an earlier local sandbox", "Test kit page"),
    ],
)
async def test_a_sandbox_whose_file_was_removed_is_distinguished_from_another_account(
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
                return (await read_state(services)).failure is not None

            await until(told, "the reason")
        failed = await read_state(services)
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
        return (await read_state(services)).failure is None

    async with in_step(services):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, fail)
            sold = account.sell()
            await until(told, "the failure is told")
        await wait_until_shown(services, sold["id"])
        await until(is_in_order, "all is in order again")


async def test_a_stripe_that_answers_strangely_makes_the_mirror_say_so(
    services: Services, account: StripeAccount
) -> None:
    async with in_step(services):
        account.faults = Faults(strange=1.0)

        async def told() -> bool:
            return "not in the format of Stripe's API" in (
                (await read_state(services)).failure or ""
            )

        await until(told, "the mirror tells what came")
        account.faults = NO_FAULTS
        sold = account.sell()
        await wait_until_shown(services, sold["id"])
