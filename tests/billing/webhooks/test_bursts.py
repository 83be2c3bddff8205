"""Bursts: many events at once cost few requests, and acknowledging them goes first."""

from __future__ import annotations

import asyncio
import logging
import random
from typing import TYPE_CHECKING

import pytest

from billing.domain.events.event import Subject
from billing.errors import StripeFailure
from billing.store.events import DueEvent
from billing.webhooks.backlog import BURST_EVENTS, MOST_SESSIONS, Backlog
from billing.webhooks.delivery_log import MOST_LINES
from tests.billing.webhooks.conftest import wait_for_states
from tests.support.database.records import granted_totals, ledger
from tests.support.servers.services import at_work, open_services
from tests.support.servers.timings import NO_RETRIES
from tests.support.servers.webhooks import deliver
from tests.support.stripe_account import LIST_SESSIONS, ONE_SESSION, StripeAccount
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from billing.services import Services

pytestmark = pytest.mark.anyio

NOW = 1_800_000_000
LONG = 60.0


@pytest.mark.parametrize("between", [0, 3, 300])
async def test_a_burst_is_settled_by_lists_with_few_requests(
    account: StripeAccount, database_url: str, between: int
) -> None:
    burst = []
    for second in range(60):
        burst.append(account.pay(account.sell("credits", 5, created=NOW + second)))
        for _ in range(between):
            account.sell("credits", 1, created=NOW + second)
    expired = account.sell("pro", status="expired", url=None, created=NOW + 60)
    async with open_services(account.url, database_url, event_retries=NO_RETRIES) as services:
        for paid in burst:
            await deliver(services, account.say("completed", paid, event_id=f"evt_{paid['id']}"))
        await deliver(services, account.say("expired", expired))
        async with at_work(services.event_processor.run):
            await wait_for_states(services, handled=61)
        lines = await ledger(services.store)
        known = await services.mirror.session(expired["id"])
    assert {(line.session_id, line.quantity, line.origin) for line in lines.values()} == {
        (paid["id"], 5, f"evt_{paid['id']}") for paid in burst
    }
    assert known is not None
    assert known.status == "expired"
    if between < 300:  # so many others lie between that a list is not worth it
        assert account.asked[ONE_SESSION] == 0
        assert account.asked[LIST_SESSIONS] == 1 + 61 * (1 + between) // 100
    else:
        assert account.asked[LIST_SESSIONS] == 1


async def test_a_shuffled_burst_that_arrives_while_events_are_processed_is_read_by_lists(
    account: StripeAccount, sqlite_url: str
) -> None:
    burst = []
    for second in range(400):
        burst.append(account.pay(account.sell("credits", 1, created=NOW + second)))
        for _ in range(3):
            account.sell("credits", 1, created=NOW + second)
    random.Random(1).shuffle(burst)  # noqa: S311 - an order is no secret
    timings = {"event_retries": NO_RETRIES, "event_burst_seconds": LONG}
    async with (
        open_services(account.url, sqlite_url, **timings) as services,
        at_work(services.event_processor.run),
    ):
        for start in range(0, len(burst), 25):
            arriving = burst[start : start + 25]
            await asyncio.gather(
                *(deliver(services, account.say("completed", one)) for one in arriving)
            )
        await wait_for_states(services, handled=len(burst))
        assert await services.store.read(granted_totals) == {"credits": len(burst)}
    assert (
        account.asked[LIST_SESSIONS] + account.asked[ONE_SESSION] <= 100
    )  # 16, if all came at once


async def test_sessions_far_apart_within_a_burst_are_read_alone_and_the_others_by_lists(
    account: StripeAccount, sqlite_url: str
) -> None:
    told = []
    for day in (0, 10, 20):
        told += [
            account.pay(account.sell("credits", 1, created=NOW + 86_400 * day + n))
            for n in range(40)
        ]
        lonely = account.pay(account.sell("credits", 1, created=NOW + 86_400 * (day + 5)))
        for n in range(200):
            account.sell("credits", 1, created=NOW + 86_400 * (day + 5) - n)
        told.append(lonely)
    async with open_services(account.url, sqlite_url, event_retries=NO_RETRIES) as services:
        for one in told:
            await deliver(services, account.say("completed", one))
        async with at_work(services.event_processor.run):
            await wait_for_states(services, handled=len(told))
        assert await services.store.read(granted_totals) == {"credits": len(told)}
    assert account.asked[LIST_SESSIONS] <= 6
    assert account.asked[ONE_SESSION] <= 3


async def test_one_session_that_stripe_does_not_explain_holds_up_none_of_its_burst(
    account: StripeAccount, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest, which is read first; a payment that is processing takes another request."""
    burst = [account.pay(account.sell("credits", 1, created=NOW + n)) for n in range(30)]
    debit = account.debit(account.sell("credits", 1, created=NOW + 30))
    async with open_services(account.url, sqlite_url, event_retries=NO_RETRIES) as services:

        async def fail(_: str) -> None:
            raise StripeFailure("Stripe returned a server error", "Try again.", status=500)

        monkeypatch.setattr(services.gateway, "retrieve_payment_intent", fail)
        for one in (*burst, debit):
            await deliver(services, account.say("completed", one))
        async with at_work(services.event_processor.run):
            await wait_for_states(services, handled=30, failed=1)
        assert await services.store.read(granted_totals) == {"credits": 30}
    assert account.asked[ONE_SESSION] == 0


def arrivals(subject: Subject = Subject.SESSION) -> Iterator[DueEvent]:
    number = 0
    while True:
        number += 1
        yield DueEvent(f"evt_{subject}_{number}", subject, f"{subject}_{number}", number)


async def test_what_arrives_alone_is_due_at_once() -> None:
    backlog = Backlog(LONG)
    backlog.add([next(arrivals())])
    assert not backlog.is_burst
    assert await backlog.ready() == 1


async def test_a_burst_is_due_when_it_is_over() -> None:
    backlog, some = Backlog(LONG), arrivals()
    backlog.add(next(some) for _ in range(BURST_EVENTS))
    assert backlog.is_burst
    assert await backlog.ready() == BURST_EVENTS
    assert not backlog.is_burst


async def test_of_a_burst_without_end_what_waits_is_due_after_a_while() -> None:
    backlog, some = Backlog(0.05), arrivals()

    async def keep_arriving() -> None:
        while True:
            backlog.add(next(some) for _ in range(BURST_EVENTS))
            await asyncio.sleep(0)

    async with at_work(keep_arriving):
        for _ in range(3):
            due = await backlog.ready()
            assert due >= BURST_EVENTS
            assert backlog.is_burst
            while due > 0:
                due -= len(backlog.take())


async def test_sessions_and_others_alternate_and_what_was_created_first_goes_first() -> None:
    backlog, sessions, others = Backlog(LONG), arrivals(), arrivals(Subject.PAYMENT)
    backlog.add(reversed([next(sessions) for _ in range(MOST_SESSIONS + 1)]))
    backlog.add(next(others) for _ in range(3))
    taken = [list(backlog.take()) for _ in range(3)]
    assert taken[0] == [(Subject.SESSION, f"session_{n}") for n in range(1, MOST_SESSIONS + 1)]
    assert taken[1] == [(Subject.PAYMENT, f"payment_{n}") for n in (1, 2, 3)]
    assert taken[2] == [(Subject.SESSION, f"session_{MOST_SESSIONS + 1}")]
    assert not backlog


async def test_an_event_that_is_being_handled_does_not_wait_again_until_that_is_done() -> None:
    backlog, event = Backlog(LONG), next(arrivals())
    for _ in range(2):
        backlog.add([event])
    assert list(backlog.take()) == [(Subject.SESSION, event.subject_id)]
    backlog.add([event])
    assert not backlog
    backlog.done({event.id})
    backlog.add([event])
    assert len(backlog) == 1


async def test_the_log_has_a_line_for_each_delivery_and_one_a_second_for_those_of_a_burst(
    services: Services, account: StripeAccount, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "billing.webhooks.delivery_log")
    event = account.say("expired", account.sell("pro", status="expired"), event_id="evt_1")
    await asyncio.gather(*(deliver(services, event) for _ in range(3 * MOST_LINES)))

    async def all_counted() -> bool:
        lines = [one.getMessage() for one in caplog.records]
        alone = sum(one.startswith("Webhook received: evt_1 ") for one in lines)
        summed = [int(one.split()[6]) for one in lines if one.startswith("Webhooks received")]
        return alone + sum(summed) == 3 * MOST_LINES

    await until(all_counted)
    assert len(caplog.records) < 3 * MOST_LINES


async def test_the_list_of_customers_waits_while_events_wait_to_be_processed(
    account: StripeAccount, sqlite_url: str
) -> None:
    timings = {"event_burst_seconds": LONG, "customers_refresh_seconds": 0.0}
    async with open_services(account.url, sqlite_url, **timings) as services:
        steps = 0
        step = services.customer_refresh.refresh_batch

        async def counted() -> bool:
            nonlocal steps
            steps += 1
            return await step()

        services.customer_refresh.refresh_batch = counted  # type: ignore[method-assign]

        async def stepped_twice() -> bool:
            return steps > 1

        async with at_work(services.customer_refresh.run):
            await until(stepped_twice)
        services.event_processor.enqueue([next(arrivals())])
        steps = 0
        async with at_work(services.customer_refresh.run):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await until(stepped_twice)


@pytest.mark.parametrize("ends", [True, False])
async def test_what_can_wait_lets_events_go_first_but_not_for_ever(
    account: StripeAccount, sqlite_url: str, ends: bool
) -> None:
    seconds = LONG if ends else 0.05
    async with open_services(account.url, sqlite_url, event_burst_seconds=seconds) as services:
        event = next(arrivals())
        services.event_processor.enqueue([event])
        waiting = asyncio.ensure_future(services.event_processor.wait_until_idle())
        if ends:
            await asyncio.sleep(0)
            assert not waiting.done()
            async with at_work(services.event_processor.run):
                await waiting
        else:
            await waiting
            assert services.event_processor.has(event.id)
