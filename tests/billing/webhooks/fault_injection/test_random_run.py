"""Random runs: the same seed has the same faults, nothing is lost, and the verdict is right."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.domain.receiver_faults import Answer, Delivery, RandomFaults, ReceiverFaults
from billing.errors import InjectedFault, InvalidInput
from billing.ledger import fulfillment
from billing.webhooks.fault_injection.injector import FaultInjector
from billing.webhooks.fault_injection.run_verifier import NO_PAYMENT
from tests.support.servers.services import at_work, open_services
from tests.support.servers.timings import NO_RETRIES, QUICK
from tests.support.servers.webhooks import deliver
from tests.support.stripe_account import StripeAccount, event_object
from tests.support.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from billing.services import Services

pytestmark = pytest.mark.anyio

SEEDS = st.integers(0, 999_999)
TYPES = ("checkout.session.completed", "charge.succeeded", "invoice.paid")
AT_ONCE = replace(QUICK, fault_answer_seconds=0, fault_repeat_seconds=0, fault_retry_seconds=0)
IMPATIENT: Any = {"fault_verdict_seconds": 0.5}


class Recorder:
    """In the receiver's place: counts what is recorded, but for what is taken again."""

    def __init__(self) -> None:
        self.intercept: Any = None
        self.recorded = 0

    def is_processing(self, _: str) -> bool:
        return False

    async def record(self, _: dict[str, Any], *, enqueue: bool = True, again: bool = False) -> None:
        del enqueue
        self.recorded += not again


@given(seed=SEEDS, number=st.integers(1, 500), kind=st.sampled_from(TYPES))
def test_a_seed_alone_says_what_happens_to_the_nth_event_of_a_type(
    seed: int, number: int, kind: str
) -> None:
    first = RandomFaults(seed).of(Delivery(kind, 1, number, 1))
    assert first == RandomFaults(seed).of(Delivery(kind, 77, number, 1))
    again = RandomFaults(seed).of(Delivery(kind, 2, number, 2))
    assert again.answer is Answer.OK


def test_a_run_has_faults_of_each_kind_and_deliveries_without_any() -> None:
    drawn = [RandomFaults(4711).of(Delivery(TYPES[0], 1, number, 1)) for number in range(1, 300)]
    names = Counter(name for faults in drawn for name in faults.names)
    assert {"dropped", "held", "repeated", "crashed", "answered 500"} < names.keys()
    assert any(not faults.names for faults in drawn)


def test_the_same_seed_has_the_same_faults_in_every_release() -> None:
    drawn = [RandomFaults(4711).of(Delivery(TYPES[0], 1, number, 1)) for number in range(1, 6)]
    assert [faults.names for faults in drawn] == [["dropped"], ["held", "repeated"], [], [], []]


@settings(max_examples=50, deadline=None)
@given(seed=SEEDS, events=st.lists(st.tuples(st.sampled_from(TYPES), st.integers(0, 9))))
def test_whatever_a_run_does_each_delivery_is_recorded_unless_it_is_dropped(
    seed: int, events: list[tuple[str, int]]
) -> None:
    recorder = Recorder()

    async def play() -> int:
        injector = FaultInjector(recorder, AT_ONCE, lambda: None)  # type: ignore[arg-type]
        injector.begin(RandomFaults(seed))
        for kind, number in events:
            event = event_object(f"{kind} {number}", kind, {"id": "x"})
            try:
                await recorder.intercept(event)
            except InjectedFault:
                await recorder.intercept(event)  # its sender repeats it
        await injector.aclose()
        assert not injector.held.all()
        return injector.injected["dropped"]

    assert asyncio.run(play()) + recorder.recorded == len(events)
    assert recorder.intercept is None


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'billing.sqlite3'}"


async def run(services: Services, account: StripeAccount, seed: int = 4711) -> Any:
    """A random run over six paid sessions and an open one; its result."""
    injection = services.fault_injection
    await injection.begin_random_run(seed)
    open_session = account.sell("credits", 3)
    for number in range(6):
        paid = account.pay(account.sell("credits", number + 1))
        event = account.say("completed", paid)
        try:
            await deliver(services, event)
        except InjectedFault:
            await deliver(services, event)
    return await injection.end_random_run([open_session["id"]])


async def test_a_run_passes_when_every_paid_session_is_granted_exactly_once(
    account: StripeAccount, database_url: str
) -> None:
    async with (
        open_services(account.url, database_url) as services,
        at_work(services.event_processor.run, services.sync_worker.run),
    ):
        result = await run(services, account)
        assert result.passed, result
        assert (result.seed, result.sessions, result.paid) == (4711, 7, 6)
        assert (await services.fault_injection.state()).run == result
        assert services.fault_injection.in_force is None


async def test_a_run_fails_when_paid_sessions_are_not_granted_and_says_which(
    account: StripeAccount, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fulfillment, "sale_of", lambda *_: None)
    async with (
        open_services(account.url, database_url, **IMPATIENT) as services,
        at_work(services.event_processor.run),
    ):
        result = await run(services, account)
        assert not result.passed
        assert any("is paid, and has 0 grants" in one for one in result.problems), result


async def test_a_seed_that_has_found_out_a_broken_product_finds_it_out_again(
    account: StripeAccount, database_url: str
) -> None:
    """It sweeps nothing up: what a crash has left pending stays so."""
    crashes, unimpeded = 63, 288  # of the first six deliveries the fifth, and none
    async with (
        open_services(
            account.url, database_url, event_retries=NO_RETRIES, fault_answer_seconds=0, **IMPATIENT
        ) as services,
        at_work(services.event_processor.run),
    ):
        first, second = await run(services, account, crashes), await run(services, account, crashes)
        for result in (first, second):
            assert (result.seed, result.passed) == (crashes, False)
            pending = re.compile("checkout.session.completed evt_[^ ]+ is pending.")
            assert all(map(pending.fullmatch, result.problems)), result
        assert len(first.problems) == len(second.problems)
        result = await run(services, account, unimpeded)
        assert result.passed, result


async def test_a_run_without_a_payment_is_none_that_passed(
    account: StripeAccount, database_url: str
) -> None:
    async with open_services(account.url, database_url, **IMPATIENT) as services:
        injection = services.fault_injection
        await injection.begin_random_run(1)
        await injection.end()

        async def has_ended() -> bool:
            found = (await injection.state()).run
            return found is not None and found.ended_at is not None

        await until(has_ended, "a verdict")
        ended = (await injection.state()).run
        assert ended
        assert ended.problems == (NO_PAYMENT,)


async def test_during_a_run_nobody_sets_other_faults_or_begins_another(
    account: StripeAccount, database_url: str
) -> None:
    async with open_services(account.url, database_url) as services:
        injection = services.fault_injection
        await injection.begin_random_run(1)
        with pytest.raises(InvalidInput):
            await injection.set(ReceiverFaults(hold=True))
        with pytest.raises(InvalidInput):
            await injection.begin_random_run(2)
