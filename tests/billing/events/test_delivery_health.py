"""Whether events arrive, and by which way, in words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from billing.domain.events.delivery_health import DeliveryHealth, Level
from billing.domain.events.event import Refusal
from billing.domain.ledger.line import Origin
from billing.errors import NotConfigured
from billing.store.events import refusals
from billing.store.ledger import lines
from billing.sync import checkpoint
from tests.billing.events.conftest import NOW, arrive, log_at
from tests.billing.store.ledger.test_lines import LINE

if TYPE_CHECKING:
    from billing.services import Services


pytestmark = pytest.mark.anyio


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
    assert (verdict.last.id, verdict.source) == (f"evt_{NOW - 10:.0f}", "webhook")


async def test_with_polling_alone_nothing_is_missed_and_webhooks_are_said_to_be_absent(
    services: Services,
) -> None:
    await arrive(services, NOW - 60, "poll")
    verdict = await say(services)
    assert (verdict.level, verdict.title) == (Level.INFO, "No webhook has arrived yet")
    assert "polled every few seconds instead, so no event is missed" in verdict.text
    assert verdict.source == "poll"


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


async def test_what_an_endpoint_need_not_be_sent_may_be_polled(services: Services) -> None:
    await arrive(services, NOW - 600)
    await arrive(services, NOW - 60, "poll", state="ignored")
    assert (await say(services)).title == "Webhooks are working"
    failing = {"failure": "Stripe did not answer.", "next_step": ""}
    await services.store.write(lambda c: checkpoint.save(c, failing))
    assert (await say(services)).title == "Webhooks are working"


async def test_refused_deliveries_are_reported_with_reason_and_mend_until_one_is_accepted(
    services: Services,
) -> None:
    await arrive(services, NOW - 600)
    await refuse(services, NOW - 700)
    assert (await say(services)).level is Level.GOOD
    await refuse(services, NOW - 180)
    verdict = await say(services)
    assert (verdict.level, verdict.title) == (Level.WARNING, "The last delivery was refused")
    assert verdict.text == "3 min ago: The signature does not match."
    assert verdict.next_step == "Copy the signing secret."
    await refuse(services, NOW - 5)
    assert (await say(services)).title == "The last 2 deliveries were refused"
    await arrive(services, NOW - 1)
    assert (await say(services)).level is Level.GOOD


async def test_silence_is_reported_when_sessions_were_paid_in_the_meantime(
    services: Services,
) -> None:
    await arrive(services, NOW - 900)
    line = replace(LINE, origin=Origin.RETURN, at=NOW - 30)
    await services.store.write(lambda c: lines.add(c, [line]))
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
    assert verdict.next_step == "Copy whsec_…."


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
    assert (verdict.text, verdict.next_step) == ("Stripe did not answer.", "Check the network.")
