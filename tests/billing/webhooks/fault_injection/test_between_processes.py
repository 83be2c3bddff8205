"""Several processes on one PostgreSQL have the same faults, until their owner is gone."""

from __future__ import annotations

from collections import Counter
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

import pytest

from billing.domain.receiver_faults import Delivery, RandomFaults, ReceiverFaults
from billing.errors import InjectedFault, InvalidInput
from billing.webhooks.fault_injection.run_verifier import NO_PAYMENT
from tests.support.database.records import event_rows
from tests.support.servers.services import at_work, open_services
from tests.support.servers.webhooks import deliver
from tests.support.stripe_account import StripeAccount, event_object
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from billing.domain.stripe_json import JSON
    from billing.services import Services

pytestmark = pytest.mark.anyio

TYPE = "plan.deleted"
HOLD = ReceiverFaults(hold=True)


@asynccontextmanager
async def process(
    account: StripeAccount, url: str, *, renewal: float = 60.0
) -> AsyncIterator[Services]:
    """What a process has of this, on a database."""
    timings = {"changes_announce_seconds": 0.01, "fault_renewal_seconds": renewal}
    async with open_services(account.url, url, **timings) as services:
        between = services.changes_between_processes
        async with at_work(between.announce, between.hear, services.fault_injection.follow):
            yield services


async def wait_for_faults(services: Services, *, are_on: bool) -> None:
    async def as_expected() -> bool:
        return (services.fault_injection.in_force is not None) is are_on

    await until(as_expected, f"faults that are {'on' if are_on else 'off'}")


async def test_what_one_process_switches_on_is_on_in_all_until_any_of_them_ends_it(
    account: StripeAccount, postgres_url: str
) -> None:
    async with process(account, postgres_url) as one, process(account, postgres_url) as other:
        await one.fault_injection.set(HOLD)
        await wait_for_faults(other, are_on=True)
        assert other.fault_injection.in_force == one.fault_injection.in_force
        await deliver(other, event_object("evt_1", "plan.deleted", {"id": "plan_1"}))
        assert len((await other.fault_injection.state()).held) == 1
        await one.fault_injection.release_all()

        async def is_recorded() -> bool:
            return set(await event_rows(one.store)) == {"evt_1"}

        await until(is_recorded, "the delivery that the other process held")
        await other.fault_injection.end()
        await wait_for_faults(one, are_on=False)
        assert one.webhooks.intercept is None
        await one.fault_injection.begin_random_run(4711)
        await wait_for_faults(other, are_on=True)
        with pytest.raises(InvalidInput):
            await other.fault_injection.set(HOLD)


async def faults_of(services: Services, event: JSON) -> list[str]:
    """The names of the faults that this delivery gets in the process that takes it."""
    before = Counter((await services.fault_injection.state()).injected)
    with suppress(InjectedFault):
        await deliver(services, event)
    return sorted(Counter((await services.fault_injection.state()).injected) - before)


async def test_a_seed_has_the_same_faults_whichever_process_takes_a_delivery(
    account: StripeAccount, postgres_url: str
) -> None:
    """So a run can be repeated: the events are numbered, and their attempts, for all together."""
    expected = [
        sorted(RandomFaults(4711).of(Delivery(TYPE, number, number, 1)).names)
        for number in range(1, 9)
    ]
    async with process(account, postgres_url) as one, process(account, postgres_url) as other:
        for taken_by in ([one, other] * 4, [other, other, one, one] * 2):
            await one.fault_injection.begin_random_run(4711)
            await wait_for_faults(other, are_on=True)
            names = [f"evt_{number}" for number in range(8)]
            events = [event_object(name, TYPE, {"id": "plan_1"}) for name in names]
            pairs = zip(taken_by, events, strict=True)
            assert [await faults_of(services, event) for services, event in pairs] == expected
            refused = next(n for n, faults in enumerate(expected) if "answered 500" in faults)
            again = other if taken_by[refused] is one else one
            assert "answered 500" not in await faults_of(again, events[refused])
            run = await one.fault_injection.end_random_run()
            assert (run.deliveries, run.problems) == (9, (NO_PAYMENT,))
            await wait_for_faults(other, are_on=False)


async def test_the_faults_of_a_process_that_is_gone_end_in_the_others(
    account: StripeAccount, postgres_url: str
) -> None:
    frequent = partial(process, account, postgres_url, renewal=0.2)
    async with frequent() as other:
        async with open_services(account.url, postgres_url, fault_renewal_seconds=0.2) as killed:
            async with at_work(
                killed.changes_between_processes.announce, killed.fault_injection.follow
            ):
                await killed.fault_injection.set(HOLD)
                await wait_for_faults(other, are_on=True)
            await wait_for_faults(other, are_on=False)
        async with frequent() as stopped:
            await stopped.fault_injection.set(HOLD)
            await wait_for_faults(other, are_on=True)
        await wait_for_faults(other, are_on=False)
