"""Who is signed in by OIDC, and until when.

Streamlit's cookie says who somebody is for 30 days, whatever happens meanwhile. Here each sign-in
is a row, so that it ends when it was not used, when it is old, and when somebody signs out.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from billing.access.remembered import Remembered
from billing.domain.durations import MINUTE
from billing.domain.login import SignInRecord
from billing.errors import StoreFailure
from billing.store.access import sign_ins
from billing.timings import DEFAULT_TIMINGS

if TYPE_CHECKING:
    from collections.abc import Callable

    from billing.domain.login import Login
    from billing.store import Store
    from billing.timings import Timings


class SignIns:
    """One that was ended is refused within ``sign_in_max_age_seconds``, by every process; what was
    read counts for ``sign_in_outage_seconds`` while the database does not answer. Every method
    raises ``StoreFailure``."""

    def __init__(
        self,
        store: Store,
        timings: Timings = DEFAULT_TIMINGS,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._idle = timings.sign_in_idle_seconds
        self._absolute = timings.sign_in_absolute_seconds
        self._outage = timings.sign_in_outage_seconds
        self._clock = clock
        self._remembered = Remembered[SignInRecord](timings.sign_in_max_age_seconds)

    async def start(self, login: Login, address: str | None) -> None:
        """From now on ``login`` is signed in."""
        now = self._clock()
        record = SignInRecord(
            key=login.key,
            subject=login.subject,
            email=login.email or login.name,
            started_at=now,
            seen_at=now,
            address=address or "",
        )
        await self._store.write(
            partial(sign_ins.add, record=record, none_before=now - self._absolute)
        )
        self._remembered.forget(login.key)

    async def is_valid(self, login: Login) -> bool:
        """``login`` is signed in."""
        now = self._clock()
        record = await self._record(login.key, now)
        return record is not None and record.is_valid(now, idle=self._idle, absolute=self._absolute)

    async def mark_used(self, login: Login) -> None:
        """The person has just done something: what is idle counts from here, to the minute."""
        now = self._clock()
        record = await self._record(login.key, now)
        if record is not None and now - record.seen_at >= MINUTE:
            await self._store.write(partial(sign_ins.mark_seen, key=login.key, at=now))
            self._remembered.forget(login.key)

    async def end(self, login: Login) -> None:
        """Sign out, whoever still has the cookie."""
        await self._store.write(partial(sign_ins.end, key=login.key, at=self._clock()))
        self._remembered.forget(login.key)

    async def end_everywhere(self, login: Login) -> int:
        """Sign the person out in every browser; how many sign-ins that ended."""
        ended = await self._store.write(
            partial(sign_ins.end_all, subject=login.subject, at=self._clock())
        )
        self._remembered.clear()
        return ended

    async def _record(self, key: str, now: float) -> SignInRecord | None:
        record = self._remembered.get(key)
        if not self._remembered.is_fresh(key, now):
            try:
                record = await self._store.read(partial(sign_ins.find, key=key))
            except StoreFailure:
                if record is None or not self._remembered.is_fresh(key, now, self._outage):
                    raise
                return record
            self._remembered.put(key, record, now)
        return record
