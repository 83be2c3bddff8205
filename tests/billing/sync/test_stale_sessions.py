"""Sessions that our copy calls open after their time are asked for, all and not too often."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from billing.errors import InvalidInput, StripeFailure
from billing.fulfillment import Settled
from billing.sync.stale_sessions import AT_ONCE, OVERDUE, WITHOUT_EVENTS, Overdue
from tests.support.quick_services import granted_totals, open_services
from tests.support.stripe_account import DOWN, NO_FAULTS, ONE_SESSION, StripeAccount

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from billing.services import Services

pytestmark = pytest.mark.anyio
NOW = time.time()
OVERDUE_AFTER, AGAIN_AFTER = OVERDUE
ENDED = int(NOW) - OVERDUE_AFTER - 60


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def services(account: StripeAccount, database_url: str) -> AsyncIterator[Services]:
    async with open_services(account.url, database_url) as opened:
        yield opened


async def statuses(services: Services) -> set[str]:
    return {one.status for one in (await services.mirror.recent(1_000)).sessions}


async def test_each_is_asked_for_and_then_none_for_an_hour(
    services: Services, account: StripeAccount
) -> None:
    clock = Clock()
    overdue = Overdue(services.store, services.fulfillment, clock=clock, monotonic=clock)
    made = [account.sell("credits", 2, created=ENDED - place) for place in range(AT_ONCE + 5)]
    await services.fulfillment.absorb(made)
    for one in made[1:]:
        account.become(one, status="expired", url=None)
    account.pay(made[0])
    for _ in range(3):
        await overdue.settle()
    assert await statuses(services) == {"complete", "expired"}
    assert await services.store.read(granted_totals) == {"credits": 2}
    assert account.asked[ONE_SESSION] == len(made)

    late = account.sell(created=ENDED - 1_000)
    await services.fulfillment.absorb([late])
    account.become(late, status="expired", url=None)
    await overdue.settle()
    assert "open" in await statuses(services)
    clock.now += AGAIN_AFTER
    await overdue.settle()
    assert "open" not in await statuses(services)


@pytest.mark.parametrize(
    "error", [StripeFailure("No.", "", status=400), InvalidInput("No."), ZeroDivisionError()]
)
async def test_one_that_cannot_be_settled_keeps_no_other_from_it(
    services: Services,
    account: StripeAccount,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    odd, *made = (account.sell(created=ENDED - place) for place in range(AT_ONCE + 5))
    await services.fulfillment.absorb([odd, *made])
    for one in made:
        account.become(one, status="expired", url=None)
    settle = services.fulfillment.settle

    async def stumble(session_id: str, cause: str, *, in_turn: bool = False) -> Settled:
        if session_id == odd["id"]:
            raise error
        return await settle(session_id, cause, in_turn=in_turn)

    monkeypatch.setattr(services.fulfillment, "settle", stumble)
    overdue = Overdue(services.store, services.fulfillment, clock=Clock())
    for _ in range(2):
        await overdue.settle()
    found = (await services.mirror.recent(1_000)).sessions
    assert [one.id for one in found if one.status == "open"] == [odd["id"]]


async def test_a_clock_that_is_set_back_does_not_put_the_next_round_off(
    services: Services, account: StripeAccount
) -> None:
    clock, monotonic = Clock(), Clock()
    overdue = Overdue(services.store, services.fulfillment, clock=clock, monotonic=monotonic)
    await overdue.settle()
    ended = account.sell(created=ENDED - int(AGAIN_AFTER))
    await services.fulfillment.absorb([ended])
    account.become(ended, status="expired", url=None)
    clock.now -= AGAIN_AFTER
    monotonic.now += AGAIN_AFTER
    await overdue.settle()
    assert await statuses(services) == {"expired"}


async def test_what_is_within_its_time_is_left_alone(
    services: Services, account: StripeAccount
) -> None:
    await services.fulfillment.absorb([account.sell(created=int(NOW) - OVERDUE_AFTER + 60)])
    await Overdue(services.store, services.fulfillment, clock=Clock()).settle()
    assert account.asked[ONE_SESSION] == 0


async def test_without_events_every_open_session_is_asked_for_once_a_minute(
    services: Services, account: StripeAccount
) -> None:
    clock = Clock()
    overdue = Overdue(services.store, services.fulfillment, clock=clock, monotonic=clock)
    sold = account.sell("credits", 2, created=int(NOW) - 7_200)
    await services.fulfillment.absorb([sold])
    await overdue.settle(without_events=True)
    account.pay(sold)
    await overdue.settle(without_events=True)
    assert account.asked[ONE_SESSION] == 1
    clock.now += WITHOUT_EVENTS[1]
    await overdue.settle(without_events=True)
    assert await statuses(services) == {"complete"}
    assert await services.store.read(granted_totals) == {"credits": 2}


async def test_a_debit_whose_failure_no_event_told_is_found_however_late_it_fails(
    services: Services, account: StripeAccount
) -> None:
    clock = Clock()
    overdue = Overdue(services.store, services.fulfillment, clock=clock, monotonic=clock)
    sold = account.debit(account.sell("credits", created=ENDED))
    await services.fulfillment.absorb([sold])
    for reason, expected in ((None, "processing"), ("The account is closed.", "failed")):
        account.debit(sold, reason)
        await overdue.settle()
        found = await services.mirror.session(sold["id"])
        assert found is not None
        assert found.outcome == expected
        clock.now += AGAIN_AFTER
    asked = account.asked[ONE_SESSION]
    await overdue.settle()
    assert account.asked[ONE_SESSION] == asked == 2  # and never again, once it has failed


async def test_what_stripe_no_longer_knows_keeps_nobody_waiting(
    services: Services, account: StripeAccount
) -> None:
    gone, ended = account.sell(created=ENDED), account.sell(created=ENDED - 1)
    await services.fulfillment.absorb([gone, ended])
    account.forget(gone)
    account.become(ended, status="expired", url=None)
    await Overdue(services.store, services.fulfillment, clock=Clock()).settle()
    assert await statuses(services) == {"open", "expired"}


async def test_while_stripe_fails_they_wait(services: Services, account: StripeAccount) -> None:
    ended = account.sell(created=ENDED)
    await services.fulfillment.absorb([ended])
    account.become(ended, status="expired", url=None)
    overdue = Overdue(services.store, services.fulfillment, clock=Clock())
    account.faults = DOWN
    with pytest.raises(StripeFailure):
        await overdue.settle()
    account.faults = NO_FAULTS
    await overdue.settle()
    assert await statuses(services) == {"expired"}
