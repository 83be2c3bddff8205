"""The log of events: pages with numbers, replays, and what was refused."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from billing.domain.events.delivery_health import Level
from billing.domain.events.event import EventFilter, EventState
from billing.errors import InvalidInput, StoreFailure, WebhookRefusal, WebhookRefused
from billing.events.log import PAGE_SIZE
from billing.store.events import refusals
from tests.billing.events.conftest import NOW, arrive, log_at
from tests.support.database.records import ledger, states
from tests.support.servers.services import open_services
from tests.support.servers.timings import NO_RETRIES
from tests.support.servers.webhooks import deliver, signature
from tests.support.stripe_account import DOWN, NO_FAULTS, StripeAccount
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from billing.services import Services


pytestmark = pytest.mark.anyio


async def test_a_flood_of_refused_deliveries_is_summed_up_and_does_not_hide_the_true_ones(
    services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    account = StripeAccount()
    event = json.dumps(account.say("completed", account.sell())).encode()

    async def refused(times: int, body: bytes, header: str | None) -> None:
        for _ in range(times):
            with pytest.raises(WebhookRefused):
                await services.webhooks.receive(body, header)

    await refused(2, event, signature(event, "whsec_old"))
    await refused(3_000, event, None)
    await refused(1, event[:-1], None)
    told = {one.reason: one for one in await services.event_log.refusals()}
    forged, flood = "The signature does not match.", "The Stripe-Signature header is missing."
    assert {reason: one.count for reason, one in told.items()} == {forged: 2, flood: 3_001}
    assert told[flood].size == len(event) - 1
    assert (await services.event_log.find(EventFilter())).counts.refused == 3_003
    lines = [line for line in caplog.messages if "refused" in line]
    assert len(lines) == 2
    verdict = await services.event_log.delivery_health()
    assert verdict.title == "The last 3,003 deliveries were refused"
    await deliver(services, json.loads(event))
    assert (await services.event_log.delivery_health()).level is Level.GOOD
    await refused(2, event, signature(event, "whsec_old"))
    verdict = await services.event_log.delivery_health()
    assert verdict.title == "The last 2 deliveries were refused"
    assert "does not match" in verdict.text


async def test_what_is_refused_is_written_soon_without_being_asked_for(services: Services) -> None:
    services.refused.record(WebhookRefused("No.", "", WebhookRefusal.NO_SIGNATURE), 9)

    async def written() -> bool:
        return await services.store.read(refusals.count_since) == 1

    await until(written, "the refusal is in the database")


async def test_refusals_wait_while_the_database_does_not_take_them(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_change: object) -> None:
        raise StoreFailure("Away.")

    with monkeypatch.context() as patch:
        patch.setattr(services.store, "write", fail)
        for _ in range(3):
            services.refused.record(WebhookRefused("No.", "", WebhookRefusal.NO_SIGNATURE), 9)
            with pytest.raises(StoreFailure):
                await services.event_log.refusals()
    assert [one.count for one in await services.event_log.refusals()] == [3]


async def test_pages_of_events_come_with_the_numbers_beside_them(services: Services) -> None:
    for number in range(PAGE_SIZE + 1):
        await arrive(services, NOW + number)
    first = await services.event_log.find(EventFilter())
    assert (len(first.page.events), first.page.older is None) == (PAGE_SIZE, False)
    assert first.counts.states[EventState.HANDLED] == PAGE_SIZE + 1
    second = await services.event_log.find(EventFilter(), first.page.events[-1].cursor)
    assert [event.received_at for event in second.page.events] == [NOW]
    assert await services.event_log.types() == ["checkout.session.completed"]


@asynccontextmanager
async def working(services: Services) -> AsyncIterator[None]:
    """While the services settle events behind the scenes."""
    task = asyncio.create_task(services.event_processor.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_what_failed_is_replayed_once_stripe_is_back_and_granted_once(
    sqlite_url: str,
) -> None:
    account = StripeAccount()
    session = account.pay(account.sell("credits", 3))
    with account.serve() as url:
        async with (
            open_services(url, sqlite_url, event_retries=NO_RETRIES) as services,
            working(services),
        ):
            log = log_at(services)
            account.faults = DOWN
            event_id = await deliver(services, account.say("completed", session))

            async def failed() -> bool:
                return (await states(services.store)).get("failed") == 1

            await until(failed, "the event fails")
            details = await log.get(event_id)
            assert details is not None
            assert details.event.error
            assert details.will_retry
            account.faults = NO_FAULTS
            assert await log.replay() == 1

            async def handled() -> bool:
                return await states(services.store) == {"handled": 1}

            await until(handled, "the event is handled")
            assert await log.replay() == 0
            assert await log.replay(event_id) == 1
            await until(handled, "it is handled again")
            (line,) = (await ledger(services.store)).values()
            assert (line.quantity, line.origin) == (3, event_id)


async def test_an_event_that_means_nothing_here_cannot_be_replayed(services: Services) -> None:
    account = StripeAccount()
    event_id = await deliver(services, account.say("invoice.paid", account.sell()))
    with pytest.raises(InvalidInput, match="cannot be replayed"):
        await services.event_log.replay(event_id)
    with pytest.raises(InvalidInput):
        await services.event_log.replay("evt_of_another_account")
    assert await services.event_log.get("evt_of_another_account") is None


async def test_a_forged_delivery_is_listed_with_its_reason_and_not_its_contents(
    services: Services,
) -> None:
    body = b'{"id": "evt_forged"}'
    with pytest.raises(WebhookRefused):
        await services.webhooks.receive(body, signature(body, "whsec_of_a_stranger"))
    (refusal,) = await services.event_log.refusals()
    assert (refusal.reason, refusal.size) == ("The signature does not match.", len(body))
    assert "STRIPE_WEBHOOK_SECRET" in refusal.next_step
    assert "forged" not in repr(refusal)
