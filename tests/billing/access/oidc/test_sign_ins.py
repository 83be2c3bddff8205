"""How long a sign-in counts: unused, old, signed out, everywhere."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import SecretStr

from billing.access.oidc.sign_ins import SignIns
from billing.domain.durations import DAY, HOUR, MINUTE
from billing.domain.login import Login
from billing.errors import StoreFailure
from billing.store import Store
from billing.timings import DEFAULT_TIMINGS

AT_ONCE = replace(DEFAULT_TIMINGS, sign_in_max_age_seconds=0.0)
DESK = Login(key="desk", subject="ann", name="ann@example.com")
PHONE = Login(key="phone", subject="ann", name="ann@example.com")
BOB = Login(key="bob", subject="bob", name="bob@example.com")


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.anyio
async def test_only_what_was_begun_here_counts(store: Store) -> None:
    sign_ins = SignIns(store, AT_ONCE)
    assert not await sign_ins.is_valid(DESK)
    await sign_ins.start(DESK, "192.0.2.1")
    assert await sign_ins.is_valid(DESK)
    assert not await sign_ins.is_valid(PHONE)


@pytest.mark.anyio
async def test_it_ends_twelve_hours_after_it_was_used_last(store: Store) -> None:
    clock = Clock()
    sign_ins = SignIns(store, clock=clock)
    await sign_ins.start(DESK, None)
    clock.now += 11 * HOUR
    await sign_ins.mark_used(DESK)
    clock.now += 11 * HOUR
    assert await sign_ins.is_valid(DESK)
    clock.now += HOUR
    assert not await sign_ins.is_valid(DESK)


@pytest.mark.anyio
async def test_it_ends_after_a_week_however_much_it_is_used(store: Store) -> None:
    clock = Clock()
    sign_ins = SignIns(store, clock=clock)
    await sign_ins.start(DESK, None)
    end = clock.now + 7 * DAY
    while clock.now + 10 * HOUR < end:
        clock.now += 10 * HOUR
        await sign_ins.mark_used(DESK)
        assert await sign_ins.is_valid(DESK)
    clock.now = end
    await sign_ins.mark_used(DESK)
    assert not await sign_ins.is_valid(DESK)


@pytest.mark.anyio
async def test_signed_out_it_stays_out_whoever_has_the_cookie(store: Store) -> None:
    here, elsewhere = SignIns(store, AT_ONCE), SignIns(store, AT_ONCE)
    await here.start(DESK, None)
    await here.start(PHONE, None)
    await here.end(DESK)
    assert not await elsewhere.is_valid(DESK)
    await here.start(DESK, None)
    await here.mark_used(DESK)
    assert not await here.is_valid(DESK)
    assert await here.is_valid(PHONE)


@pytest.mark.anyio
async def test_signing_out_everywhere_ends_all_of_a_person_and_nobody_elses(store: Store) -> None:
    here, elsewhere = SignIns(store, AT_ONCE), SignIns(store, AT_ONCE)
    for login in (DESK, PHONE, BOB):
        await here.start(login, None)
    assert await here.end_everywhere(DESK) == 2
    assert not await elsewhere.is_valid(PHONE)
    assert await elsewhere.is_valid(BOB)


@pytest.mark.anyio
async def test_what_was_read_counts_for_seconds_and_then_another_process_is_heard(
    store: Store,
) -> None:
    clock = Clock()
    here, elsewhere = SignIns(store, clock=clock), SignIns(store, clock=clock)
    await here.start(DESK, None)
    assert await elsewhere.is_valid(DESK)
    await here.end(DESK)
    assert not await here.is_valid(DESK)
    assert await elsewhere.is_valid(DESK)
    clock.now += DEFAULT_TIMINGS.sign_in_max_age_seconds
    assert not await elsewhere.is_valid(DESK)


@pytest.mark.anyio
async def test_being_used_is_written_once_a_minute(store: Store) -> None:
    clock = Clock()
    sign_ins = SignIns(store, clock=clock)
    await sign_ins.start(DESK, None)
    clock.now += MINUTE - 1
    await sign_ins.mark_used(DESK)
    clock.now = Clock.now + 12 * HOUR
    assert not await sign_ins.is_valid(DESK)


@pytest.mark.anyio
async def test_what_was_read_last_counts_through_a_short_outage_of_the_database(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    store = Store(SecretStr(sqlite_url))
    sign_ins = SignIns(store, clock=clock)
    await sign_ins.start(DESK, None)
    assert await sign_ins.is_valid(DESK)

    async def lost(*_: object) -> None:
        raise StoreFailure("The database does not answer.", "")

    with monkeypatch.context() as outage:
        outage.setattr(store, "read", lost)
        clock.now += DEFAULT_TIMINGS.sign_in_outage_seconds - 1
        assert await sign_ins.is_valid(DESK)
        clock.now += 1
        for login in (DESK, PHONE):
            with pytest.raises(StoreFailure):
                await sign_ins.is_valid(login)
    assert await sign_ins.is_valid(DESK)
    store.close(5)
