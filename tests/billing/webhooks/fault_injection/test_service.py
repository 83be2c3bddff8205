"""Faults behind the signature check: what becomes of deliveries, and that none but the dropped are
lost."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from billing.domain.receiver_faults import NO_FAULTS, Answer, ReceiverFaults
from billing.errors import InjectedFault, InvalidInput
from tests.billing.webhooks.conftest import wait_for_states
from tests.support.database.records import event_rows, granted_totals, states
from tests.support.servers.services import at_work, open_services
from tests.support.servers.timings import NO_RETRIES, RETRIES
from tests.support.servers.webhooks import deliver
from tests.support.stripe_account import ONE_SESSION, StripeAccount, event_object
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from billing.services import Services
    from billing.webhooks.fault_injection.service import FaultInjection

pytestmark = pytest.mark.anyio

HOLD = ReceiverFaults(hold=True)


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'billing.sqlite3'}"


@pytest.fixture
async def services(
    request: pytest.FixtureRequest, account: StripeAccount, database_url: str
) -> AsyncIterator[Services]:
    """Services that process events and do not poll; parametrize indirectly with the retries."""
    async with (
        open_services(
            account.url,
            database_url,
            event_retries=getattr(request, "param", NO_RETRIES),
        ) as opened,
        at_work(opened.event_processor.run),
    ):
        yield opened


@pytest.fixture
def faults(services: Services) -> FaultInjection:
    return services.fault_injection


def paid(account: StripeAccount, name: str = "evt_1", quantity: int = 5) -> dict[str, Any]:
    """The event of a session that is paid for so many credits."""
    return account.say("completed", account.pay(account.sell("credits", quantity)), event_id=name)


async def credits_granted(services: Services) -> int:
    return (await services.store.read(granted_totals)).get("credits", 0)


async def wait_for_credits(services: Services, number: int) -> None:
    async def granted() -> bool:
        return await credits_granted(services) == number

    await until(granted, f"{number} credits")


async def test_held_deliveries_are_answered_and_let_go_one_by_one_in_any_order(
    services: Services, faults: FaultInjection, account: StripeAccount
) -> None:
    await faults.set(HOLD)
    for number in (1, 2, 3):
        await deliver(services, paid(account, f"evt_{number}", 10**number))
    held = (await faults.state()).held
    assert [one.event_id for one in held] == ["evt_1", "evt_2", "evt_3"]
    assert not await event_rows(services.store)
    assert await faults.release(held[2].number)
    await wait_for_credits(services, 1_000)
    assert await faults.release(held[0].number)
    await wait_for_credits(services, 1_010)
    assert not await faults.release(held[0].number)
    assert [one.event_id for one in (await faults.state()).held] == ["evt_2"]
    await faults.release_all()
    await wait_for_credits(services, 1_110)
    await deliver(services, paid(account, "evt_4"))
    assert len((await faults.state()).held) == 1


async def test_what_is_held_is_let_go_when_it_ends_and_then_nothing_is_held(
    services: Services, faults: FaultInjection, account: StripeAccount
) -> None:
    await faults.set(HOLD)
    await deliver(services, paid(account))
    await faults.end()
    await wait_for_credits(services, 5)
    await deliver(services, paid(account, "evt_2"))
    await wait_for_credits(services, 10)
    assert services.webhooks.intercept is None


async def test_it_ends_by_itself(
    services: Services, faults: FaultInjection, account: StripeAccount
) -> None:
    await faults.set(HOLD, minutes=0.1 / 60)
    assert faults.in_force
    await deliver(services, paid(account))
    await wait_for_credits(services, 5)
    assert faults.in_force is None


@pytest.mark.parametrize("minutes", [0, -1, 61, float("nan")])
async def test_it_is_on_for_an_hour_at_most(faults: FaultInjection, minutes: float) -> None:
    with pytest.raises(InvalidInput):
        await faults.set(HOLD, minutes)
    assert faults.in_force is None


async def test_a_server_that_stops_records_what_is_held_first(
    account: StripeAccount, database_url: str
) -> None:
    async with open_services(account.url, database_url) as stopping:
        await stopping.fault_injection.set(HOLD)
        await deliver(stopping, paid(account))
        assert not await states(stopping.store)
    async with open_services(account.url, database_url) as started:
        assert await states(started.store) == {"pending": 1}
        assert started.fault_injection.in_force is None


async def test_a_held_delivery_that_cannot_be_recorded_is_held_until_it_can(
    services: Services,
    faults: FaultInjection,
    account: StripeAccount,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried = asyncio.Event()

    async def fail(*_: object, **__: object) -> None:
        tried.set()
        raise InvalidInput("The database does not answer.")

    await faults.set(HOLD)
    await deliver(services, paid(account))
    with monkeypatch.context() as broken:
        broken.setattr(services.webhooks, "record", fail)
        await faults.end()
        await asyncio.wait_for(tried.wait(), 30)
    await wait_for_credits(services, 5)


async def test_an_event_is_processed_again_and_granted_once(
    services: Services, faults: FaultInjection, account: StripeAccount
) -> None:
    await faults.set(ReceiverFaults(repeats=2))
    await deliver(services, paid(account))

    async def processed() -> bool:
        row = (await event_rows(services.store))["evt_1"]
        return row["deliveries"] == 3 and account.asked[ONE_SESSION] >= 3

    await until(processed)
    assert await credits_granted(services) == 5


async def test_a_dropped_delivery_is_acknowledged_and_only_polling_finds_it(
    services: Services, faults: FaultInjection, account: StripeAccount
) -> None:
    await faults.set(ReceiverFaults(drop_every=2))
    for number in (1, 2, 3, 4):
        assert await deliver(services, paid(account, f"evt_{number}")) == f"evt_{number}"
    assert set(await event_rows(services.store)) == {"evt_1", "evt_3"}
    assert (await faults.state()).injected == {"dropped": 2}
    async with at_work(services.sync_worker.run):
        await wait_for_credits(services, 20)


@pytest.mark.parametrize("answer", [Answer.ERROR, Answer.LATE_ERROR])
async def test_the_first_delivery_of_an_event_is_refused_and_its_repeat_taken(
    services: Services, faults: FaultInjection, account: StripeAccount, answer: Answer
) -> None:
    await faults.set(ReceiverFaults(answer=answer))
    event = paid(account)
    with pytest.raises(InjectedFault):
        await deliver(services, event)
    assert not await event_rows(services.store)
    await deliver(services, event)
    await wait_for_credits(services, 5)


async def test_the_end_ends_late_answers_too(account: StripeAccount, database_url: str) -> None:
    async with open_services(account.url, database_url, fault_answer_seconds=3_600) as services:
        faults = services.fault_injection
        await faults.set(ReceiverFaults(answer=Answer.LATE_ERROR))
        delivery = asyncio.create_task(deliver(services, paid(account)))

        async def counted() -> bool:
            return bool((await faults.state()).injected)

        await until(counted)
        await faults.end()
        with pytest.raises(InjectedFault):
            await delivery


async def test_after_a_crash_the_event_is_pending_until_somebody_looks(
    services: Services, faults: FaultInjection, account: StripeAccount
) -> None:
    await faults.set(ReceiverFaults(crash=True))
    await deliver(services, paid(account))
    await faults.set(NO_FAULTS)
    await deliver(services, paid(account, "evt_2"))
    await wait_for_states(services, pending=1, handled=1)
    assert await credits_granted(services) == 5


@pytest.mark.parametrize("services", [RETRIES], indirect=True)
async def test_the_sweep_finds_what_a_crash_left(
    services: Services, faults: FaultInjection, account: StripeAccount
) -> None:
    await faults.set(ReceiverFaults(crash=True))
    await deliver(services, paid(account))
    await wait_for_credits(services, 5)


async def test_faults_add_up_and_an_event_that_nobody_wants_is_ignored_all_the_same(
    services: Services, faults: FaultInjection, account: StripeAccount
) -> None:
    await faults.set(ReceiverFaults(hold=True, repeats=1))
    await deliver(services, paid(account))
    await deliver(services, event_object("evt_2", "plan.deleted", {"id": "plan_1"}))
    assert (await faults.state()).injected == {"held": 2, "repeated": 2}
    await faults.set(ReceiverFaults(repeats=1))

    async def recorded() -> bool:
        rows = await event_rows(services.store)
        return {name: row["deliveries"] for name, row in rows.items()} == {"evt_1": 2, "evt_2": 2}

    await until(recorded)
    await wait_for_states(services, handled=1, ignored=1)
    assert await credits_granted(services) == 5
