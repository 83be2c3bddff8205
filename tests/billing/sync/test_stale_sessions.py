"""Sessions that our copy calls open after their time are asked for, all and not too often."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from billing.errors import InvalidInput, StripeFailure
from billing.ledger.fulfillment import FulfilledSession
from billing.sync.stale_sessions import (
    BATCH_SIZE,
    STALE_AFTER_SECONDS,
    WITHOUT_EVENTS,
    StaleSessions,
)
from tests.support.database.records import granted_totals
from tests.support.stripe_account import DOWN, NO_FAULTS, ONE_SESSION, StripeAccount, page_of

if TYPE_CHECKING:
    from billing.services import Services

pytestmark = pytest.mark.anyio
NOW = time.time()
OVERDUE_AFTER, AGAIN_AFTER = STALE_AFTER_SECONDS
ENDED = int(NOW) - OVERDUE_AFTER - 60


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


async def statuses(services: Services) -> set[str]:
    return {one.status for one in (await services.mirror.recent(1_000)).sessions}


async def test_each_is_asked_for_and_then_none_for_an_hour(
    services: Services, account: StripeAccount
) -> None:
    clock = Clock()
    overdue = StaleSessions(services.store, services.fulfillment, clock=clock, monotonic=clock)
    made = [account.sell("credits", 2, created=ENDED - place) for place in range(BATCH_SIZE + 5)]
    await services.fulfillment.upsert_and_grant(page_of(made))
    for one in made[1:]:
        account.become(one, status="expired", url=None)
    account.pay(made[0])
    for _ in range(3):
        await overdue.refresh()
    assert await statuses(services) == {"complete", "expired"}
    assert await services.store.read(granted_totals) == {"credits": 2}
    assert account.asked[ONE_SESSION] == len(made)

    late = account.sell(created=ENDED - 1_000)
    await services.fulfillment.upsert_and_grant(page_of([late]))
    account.become(late, status="expired", url=None)
    await overdue.refresh()
    assert "open" in await statuses(services)
    clock.now += AGAIN_AFTER
    await overdue.refresh()
    assert "open" not in await statuses(services)


@pytest.mark.parametrize(
    "error", [StripeFailure("No.", "", status=400), InvalidInput("No."), ZeroDivisionError()]
)
async def test_one_that_cannot_be_updated_holds_no_other_up(
    services: Services,
    account: StripeAccount,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    odd, *made = (account.sell(created=ENDED - place) for place in range(BATCH_SIZE + 5))
    await services.fulfillment.upsert_and_grant(page_of([odd, *made]))
    for one in made:
        account.become(one, status="expired", url=None)
    refresh = services.fulfillment.refresh_and_grant

    async def stumble(
        session_id: str, origin: str, *, rate_limited: bool = False
    ) -> FulfilledSession:
        if session_id == odd["id"]:
            raise error
        return await refresh(session_id, origin, rate_limited=rate_limited)

    monkeypatch.setattr(services.fulfillment, "refresh_and_grant", stumble)
    overdue = StaleSessions(services.store, services.fulfillment, clock=Clock())
    for _ in range(2):
        await overdue.refresh()
    found = (await services.mirror.recent(1_000)).sessions
    assert [one.id for one in found if one.status == "open"] == [odd["id"]]


async def test_a_clock_that_is_set_back_does_not_put_the_next_round_off(
    services: Services, account: StripeAccount
) -> None:
    clock, monotonic = Clock(), Clock()
    overdue = StaleSessions(services.store, services.fulfillment, clock=clock, monotonic=monotonic)
    await overdue.refresh()
    ended = account.sell(created=ENDED - int(AGAIN_AFTER))
    await services.fulfillment.upsert_and_grant(page_of([ended]))
    account.become(ended, status="expired", url=None)
    clock.now -= AGAIN_AFTER
    monotonic.now += AGAIN_AFTER
    await overdue.refresh()
    assert await statuses(services) == {"expired"}


async def test_what_is_within_its_time_is_left_alone(
    services: Services, account: StripeAccount
) -> None:
    await services.fulfillment.upsert_and_grant(
        page_of([account.sell(created=int(NOW) - OVERDUE_AFTER + 60)])
    )
    await StaleSessions(services.store, services.fulfillment, clock=Clock()).refresh()
    assert account.asked[ONE_SESSION] == 0


async def test_without_events_every_open_session_is_asked_for_once_a_minute(
    services: Services, account: StripeAccount
) -> None:
    clock = Clock()
    overdue = StaleSessions(services.store, services.fulfillment, clock=clock, monotonic=clock)
    sold = account.sell("credits", 2, created=int(NOW) - 7_200)
    await services.fulfillment.upsert_and_grant(page_of([sold]))
    await overdue.refresh(without_events=True)
    account.pay(sold)
    await overdue.refresh(without_events=True)
    assert account.asked[ONE_SESSION] == 1
    clock.now += WITHOUT_EVENTS[1]
    await overdue.refresh(without_events=True)
    assert await statuses(services) == {"complete"}
    assert await services.store.read(granted_totals) == {"credits": 2}


async def test_a_debit_whose_failure_no_event_reported_is_found_however_late_it_fails(
    services: Services, account: StripeAccount
) -> None:
    clock = Clock()
    overdue = StaleSessions(services.store, services.fulfillment, clock=clock, monotonic=clock)
    sold = account.debit(account.sell("credits", created=ENDED))
    await services.fulfillment.upsert_and_grant(page_of([sold]))
    for reason, expected in ((None, "processing"), ("The account is closed.", "failed")):
        account.debit(sold, reason)
        await overdue.refresh()
        found = await services.mirror.session(sold["id"])
        assert found is not None
        assert found.outcome == expected
        clock.now += AGAIN_AFTER
    asked = account.asked[ONE_SESSION]
    await overdue.refresh()
    assert account.asked[ONE_SESSION] == asked == 2  # and never again, once it has failed


async def test_what_stripe_no_longer_knows_keeps_nobody_waiting(
    services: Services, account: StripeAccount
) -> None:
    gone, ended = account.sell(created=ENDED), account.sell(created=ENDED - 1)
    await services.fulfillment.upsert_and_grant(page_of([gone, ended]))
    account.forget(gone)
    account.become(ended, status="expired", url=None)
    await StaleSessions(services.store, services.fulfillment, clock=Clock()).refresh()
    assert await statuses(services) == {"open", "expired"}


async def test_while_stripe_fails_they_wait(services: Services, account: StripeAccount) -> None:
    ended = account.sell(created=ENDED)
    await services.fulfillment.upsert_and_grant(page_of([ended]))
    account.become(ended, status="expired", url=None)
    overdue = StaleSessions(services.store, services.fulfillment, clock=Clock())
    account.faults = DOWN
    with pytest.raises(StripeFailure):
        await overdue.refresh()
    account.faults = NO_FAULTS
    await overdue.refresh()
    assert await statuses(services) == {"expired"}
