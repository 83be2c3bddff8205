"""The event log: the verdict on what arrives, and handling events again."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from billing.domain.event import EventFilter, Refusal
from billing.domain.grant import Grant
from billing.errors import InvalidInput, NotConfigured, StoreFailure, WebhookRefused
from billing.events.delivery_health import DeliveryHealth, Level
from billing.events.log import PAGE, EventLog
from billing.store import events
from billing.store.events import refusals
from billing.store.ledger import grants
from billing.sync import checkpoint
from tests.support.records import ledger, states
from tests.support.services import open_services
from tests.support.stripe_account import DOWN, NO_FAULTS, StripeAccount
from tests.support.timings import NO_RETRIES
from tests.support.waiting import until
from tests.support.webhooks import deliver, signature

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from billing.services import Services

pytestmark = pytest.mark.anyio
NOW = 1_000_000.0


@pytest.fixture
async def services(sqlite_url: str) -> AsyncIterator[Services]:
    with StripeAccount().serve() as url:
        async with open_services(url, sqlite_url) as opened:
            yield opened


def log_at(services: Services, now: float = NOW, **settings: Any) -> EventLog:
    """The event log, asked at a moment, with some settings changed."""
    changed = replace(services.settings, **settings)
    return EventLog(
        changed,
        services.store,
        services.event_processor,
        services.mirror,
        services.refused,
        clock=lambda: now,
    )


async def arrive(
    services: Services,
    at: float,
    source: str = "webhook",
    created: float | None = None,
    state: str = "handled",
) -> str:
    """One more event arrives, ``at`` a moment; its id."""
    name = f"evt_{at:.0f}"
    event = {
        "id": name,
        "type": "checkout.session.completed",
        "created": int(at if created is None else created),
        "data": {"object": {"id": f"cs_test_{at:.0f}"}},
    }
    await services.store.write(
        lambda c: events.record(c, [events.ReceivedEvent(event, source, state, at)])
    )
    return name


async def refuse(services: Services, at: float) -> None:
    why = ("The signature does not match.", at, at, 1, "Copy the signing secret.", 9)
    await services.store.write(lambda c: refusals.add(c, [Refusal(*why)]))


async def say(services: Services, **settings: Any) -> DeliveryHealth:
    return await log_at(services, **settings).delivery_health()


async def test_before_anything_arrives_it_says_when_the_first_event_is_to_be_expected(
    services: Services,
) -> None:
    verdict = await say(services)
    assert (verdict.level, verdict.title) == (Level.INFO, "Waiting for the first event")
    assert "within seconds of a payment" in verdict.text
    assert verdict.last is None


async def test_webhooks_that_arrive_are_good_news_with_their_usual_delay(
    services: Services,
) -> None:
    for at in (NOW - 30, NOW - 20, NOW - 10):
        await arrive(services, at, created=at - 2)
    verdict = await say(services)
    assert (verdict.level, verdict.title) == (Level.GOOD, "Webhooks are working")
    assert "Events usually arrive 2.0 s after" in verdict.text
    assert verdict.last is not None
    assert (verdict.last.id, verdict.way) == (f"evt_{NOW - 10:.0f}", "webhook")


async def test_with_polling_alone_nothing_is_missed_and_webhooks_are_said_to_be_absent(
    services: Services,
) -> None:
    await arrive(services, NOW - 60, "poll")
    verdict = await say(services)
    assert (verdict.level, verdict.title) == (Level.INFO, "No webhook has arrived yet")
    assert "polled every few seconds instead, so no event is missed" in verdict.text
    assert verdict.way == "poll"


async def test_polling_that_brings_what_webhooks_no_longer_do_has_taken_over(
    services: Services,
) -> None:
    await arrive(services, NOW - 600)
    await arrive(services, NOW - 60, "poll")
    verdict = await say(services)
    assert (verdict.level, verdict.title) == (Level.WARNING, "Webhooks have stopped arriving")
    assert "The last one arrived 10 min ago" in verdict.text


async def test_an_event_that_was_polled_a_moment_before_its_webhook_is_no_alarm(
    services: Services,
) -> None:
    await arrive(services, NOW - 600)
    await arrive(services, NOW - 2, "poll")
    assert (await say(services)).title == "Webhooks are working"
    await arrive(services, NOW - 60, "poll")
    await arrive(services, NOW - 60)  # its webhook comes after all
    verdict = await log_at(services, NOW + 1).delivery_health()
    assert verdict.title == "Webhooks are working"


async def test_what_an_endpoint_need_not_be_told_of_may_be_polled(services: Services) -> None:
    await arrive(services, NOW - 600)
    await arrive(services, NOW - 60, "poll", state="ignored")
    assert (await say(services)).title == "Webhooks are working"
    failing = {"failure": "Stripe did not answer.", "next_step": ""}
    await services.store.write(lambda c: checkpoint.save(c, failing))
    assert (await say(services)).title == "Webhooks are working"


async def test_refused_deliveries_are_told_with_reason_and_mend_until_one_is_accepted(
    services: Services,
) -> None:
    await arrive(services, NOW - 600)
    await refuse(services, NOW - 700)
    assert (await say(services)).level is Level.GOOD
    await refuse(services, NOW - 180)
    verdict = await say(services)
    assert (verdict.level, verdict.title) == (Level.WARNING, "The last delivery was refused")
    assert verdict.text == "3 min ago: The signature does not match."
    assert verdict.mend == "Copy the signing secret."
    await refuse(services, NOW - 5)
    assert (await say(services)).title == "The last 2 deliveries were refused"
    await arrive(services, NOW - 1)
    assert (await say(services)).level is Level.GOOD


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
    assert (await services.event_log.latest(EventFilter())).counts.refused == 3_003
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
    services.refused.note(WebhookRefused("No.", ""), 9)

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
            services.refused.note(WebhookRefused("No.", ""), 9)
            with pytest.raises(StoreFailure):
                await services.event_log.refusals()
    assert [one.count for one in await services.event_log.refusals()] == [3]


async def test_silence_is_told_when_sessions_were_paid_in_the_meantime(services: Services) -> None:
    await arrive(services, NOW - 900)
    line = Grant("cs_test_1", "pro", 1, 9900, "usd", None, None, "return", NOW - 30)
    await services.store.write(lambda c: grants.add(c, line))
    assert (await say(services)).level is Level.GOOD  # an event may still be on its way
    verdict = await log_at(services, NOW + 60).delivery_health()
    assert (verdict.level, verdict.title) == (Level.WARNING, "No events for 16 min")
    assert "1 session was paid since then" in verdict.text


async def test_without_a_webhook_secret_it_says_which_setting_and_that_polling_goes_on(
    services: Services,
) -> None:
    await arrive(services, NOW - 60, "poll")
    verdict = await say(services, webhook_secrets=())
    assert (verdict.level, verdict.title) == (Level.WARNING, "Webhooks are not accepted")
    assert "STRIPE_WEBHOOK_SECRET is not set." in verdict.text
    assert "no event is missed" in verdict.text
    wrong = NotConfigured("STRIPE_WEBHOOK_SECRET", "It holds an API key.", "Copy whsec_….")
    verdict = await say(services, webhook_secrets=(), problems={"STRIPE_WEBHOOK_SECRET": wrong})
    assert verdict.text.startswith("It holds an API key.")
    assert verdict.mend == "Copy whsec_…."


async def test_without_a_key_nothing_can_arrive_and_nothing_is_replayed(services: Services) -> None:
    verdict = await say(services, secret_key=None)
    assert (verdict.level, verdict.title) == (
        Level.WRONG,
        "No events can arrive",
    )
    with pytest.raises(NotConfigured):
        await log_at(services, secret_key=None).replay()


async def test_when_stripe_cannot_be_asked_that_matters_only_without_webhooks(
    services: Services,
) -> None:
    failure = {"failure": "Stripe did not answer.", "next_step": "Check the network."}
    await services.store.write(lambda c: checkpoint.save(c, failure))
    await arrive(services, NOW - 60)
    assert (await say(services)).level is Level.GOOD
    await arrive(services, NOW - 30, "poll")
    verdict = await say(services)
    assert (verdict.level, verdict.title) == (Level.WRONG, "Events cannot be retrieved from Stripe")
    assert (verdict.text, verdict.mend) == ("Stripe did not answer.", "Check the network.")


async def test_pages_of_events_come_with_the_numbers_beside_them(services: Services) -> None:
    for number in range(PAGE + 1):
        await arrive(services, NOW + number)
    first = await services.event_log.latest(EventFilter())
    assert (len(first.page.events), first.page.has_older) == (PAGE, True)
    assert first.counts.states["handled"] == PAGE + 1
    second = await services.event_log.latest(EventFilter(), first.page.events[-1].cursor)
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
            details = await log.one(event_id)
            assert details is not None
            assert details.event.error
            assert details.tried_again
            account.faults = NO_FAULTS
            assert await log.replay() == 1

            async def handled() -> bool:
                return await states(services.store) == {"handled": 1}

            await until(handled, "the event is handled")
            assert await log.replay() == 0
            assert await log.replay(event_id) == 1
            await until(handled, "it is handled again")
            (line,) = (await ledger(services.store)).values()
            assert (line.quantity, line.cause) == (3, event_id)


async def test_an_event_that_means_nothing_here_cannot_be_replayed(services: Services) -> None:
    account = StripeAccount()
    event_id = await deliver(services, account.say("invoice.paid", account.sell()))
    with pytest.raises(InvalidInput, match="cannot be replayed"):
        await services.event_log.replay(event_id)
    with pytest.raises(InvalidInput):
        await services.event_log.replay("evt_of_another_account")
    assert await services.event_log.one("evt_of_another_account") is None


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
