"""What an event grants: once, whatever the order, however often it comes."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import pytest

from billing.domain.ledger.line import Origin
from billing.domain.sessions.checkout_session import Outcome
from tests.billing.webhooks.conftest import wait_for_states
from tests.support.database.records import event_rows, granted_totals, ledger
from tests.support.servers.timings import NO_RETRIES
from tests.support.servers.webhooks import deliver
from tests.support.stripe_account import (
    ONE_SESSION,
    StripeAccount,
    declined_payment,
    page_of,
)

if TYPE_CHECKING:
    from billing.services import Services


pytestmark = pytest.mark.anyio


async def test_a_paid_event_is_granted_and_handled(
    services: Services, account: StripeAccount
) -> None:
    paid = account.pay(account.sell("credits", 5))
    assert await deliver(services, account.say("completed", paid, event_id="evt_1")) == "evt_1"
    await wait_for_states(services, handled=1)
    (line,) = (await ledger(services.store)).values()
    assert (line.session_id, line.quantity, line.origin) == (paid["id"], 5, "evt_1")


async def test_a_delayed_payment_is_granted_when_the_money_comes(
    services: Services, account: StripeAccount
) -> None:
    sold = account.sell("credits", 5)
    waiting = account.become(sold, status="complete", payment_status="unpaid")
    await deliver(services, account.say("completed", waiting))
    await wait_for_states(services, handled=1)
    assert await ledger(services.store) == {}
    paid = account.pay(sold)
    await deliver(services, account.say("async_payment_succeeded", paid, event_id="evt_money"))
    await wait_for_states(services, handled=2)
    assert (await ledger(services.store))[sold["id"]].origin == "evt_money"


async def test_a_delayed_payment_that_fails_grants_nothing(
    services: Services, account: StripeAccount
) -> None:
    waiting = account.sell("credits", 5, status="complete", payment_status="unpaid")
    await deliver(services, account.say("completed", waiting))
    await deliver(services, account.say("async_payment_failed", waiting))
    await wait_for_states(services, handled=2)
    assert await ledger(services.store) == {}


async def test_an_expired_session_and_another_apps_are_handled_and_grant_nothing(
    services: Services, account: StripeAccount
) -> None:
    expired = account.sell("pro", status="expired", url=None)
    await deliver(services, account.say("expired", expired))
    foreign = account.pay(account.sell("pro", ours=False))
    await deliver(services, account.say("completed", foreign))
    await wait_for_states(services, handled=2)
    assert await ledger(services.store) == {}
    kept = await services.mirror.session(foreign["id"])
    assert kept is not None
    assert not kept.ours


async def test_a_declined_payment_makes_its_session_declined_and_asks_stripe_nothing(
    services: Services, account: StripeAccount
) -> None:
    sold = account.sell("credits", 5, client_reference_id="order-1")
    await services.fulfillment.upsert_and_grant(page_of([sold]))
    asked = account.asked.total()
    declined = declined_payment("pi_1", "order-1")
    event = account.say("payment_intent.payment_failed", declined)
    await deliver(services, event)
    await deliver(
        services, account.say("payment_intent.payment_failed", declined | {"metadata": {}})
    )
    await wait_for_states(services, handled=1, ignored=1)
    known = await services.mirror.session(sold["id"])
    assert known is not None
    assert (known.outcome, known.failure_code) == (Outcome.DECLINED, "insufficient_funds")
    await services.event_processor.replay([event["id"]])
    await wait_for_states(services, handled=1, ignored=1)
    assert account.asked.total() == asked
    account.pay(sold)
    paid = await services.fulfillment.refresh_and_grant(sold["id"], Origin.RETURN)
    assert paid.session.outcome is Outcome.PAID


async def test_a_stale_payload_is_not_believed(services: Services, account: StripeAccount) -> None:
    sold = account.sell("credits", 5)
    claims_paid = sold | {"status": "complete", "payment_status": "paid"}
    await deliver(services, account.say("completed", claims_paid))
    await wait_for_states(services, handled=1)
    assert await ledger(services.store) == {}


async def test_the_same_event_many_times_at_once_is_one(
    services: Services, account: StripeAccount
) -> None:
    paid = account.pay(account.sell("credits", 5))
    event = account.say("completed", paid, event_id="evt_1")
    answers = await asyncio.gather(*(deliver(services, event) for _ in range(25)))
    assert set(answers) == {"evt_1"}
    await wait_for_states(services, handled=1)
    assert (await event_rows(services.store))["evt_1"]["deliveries"] == 25
    assert await services.store.read(granted_totals) == {"credits": 5}


async def test_a_duplicate_of_a_handled_event_asks_stripe_nothing(
    services: Services, account: StripeAccount
) -> None:
    event = account.say("completed", account.pay(account.sell()), event_id="evt_1")
    await deliver(services, event)
    await wait_for_states(services, handled=1)
    asked = account.asked[ONE_SESSION]
    await deliver(services, event)
    await deliver(services, account.say("completed", account.pay(account.sell())))
    await wait_for_states(services, handled=2)
    assert account.asked[ONE_SESSION] == asked + 1


async def test_two_events_for_one_fact_grant_once(
    services: Services, account: StripeAccount
) -> None:
    paid = account.pay(account.sell("pro"))
    first, second = (account.say("completed", paid) for _ in range(2))
    await asyncio.gather(deliver(services, first), deliver(services, second))
    await wait_for_states(services, handled=2)
    assert await services.store.read(granted_totals) == {"pro": 1}


async def test_the_webhook_and_the_landing_page_at_once_grant_once(
    services: Services, account: StripeAccount
) -> None:
    paid = [account.pay(account.sell("credits", 5)) for _ in range(10)]
    await asyncio.gather(
        *(deliver(services, account.say("completed", one)) for one in paid),
        *(services.fulfillment.refresh_and_grant(one["id"], Origin.RETURN) for one in paid),
    )
    await wait_for_states(services, handled=10)
    assert await services.store.read(granted_totals) == {"credits": 50}


@pytest.mark.parametrize("seed", range(3))
async def test_in_any_order_and_with_duplicates_the_end_is_the_same(
    services: Services, account: StripeAccount, seed: int
) -> None:
    told, bought = [], {}
    for number in range(1, 31):
        sold = account.sell("credits", number)
        if number % 3:
            waiting = account.become(sold, status="complete", payment_status="unpaid")
            paid = account.pay(sold)
            told += [
                account.say("completed", waiting),
                account.say("async_payment_succeeded", paid),
            ]
            bought[sold["id"]] = number
        else:
            told.append(account.say("expired", account.become(sold, status="expired")))
    shuffle = random.Random(seed)  # noqa: S311 - an order is no secret
    arriving = told + shuffle.sample(told, len(told) // 3)
    shuffle.shuffle(arriving)
    await asyncio.gather(*(deliver(services, event) for event in arriving))
    await wait_for_states(services, handled=len(told))
    assert {name: line.quantity for name, line in (await ledger(services.store)).items()} == bought


@pytest.mark.parametrize("services", [NO_RETRIES], indirect=True)
async def test_what_arrives_is_handled_at_once_without_a_sweep(
    services: Services, account: StripeAccount
) -> None:
    await deliver(services, account.say("completed", account.pay(account.sell("pro"))))
    await wait_for_states(services, handled=1)
