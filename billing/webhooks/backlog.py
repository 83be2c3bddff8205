"""The events that wait to be processed, and when it is their time.

In a burst acknowledging goes first: what has arrived is held back for a moment. It is then also
read by fewer lists, however it was shuffled.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from heapq import nsmallest
from typing import TYPE_CHECKING

from billing.domain.events.event import Subject
from billing.stripe_api.gateway import PAGE_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from billing.store.events import DueEvent

# As many events within so many seconds are a burst: more than anybody's clicks make.
BURST_EVENTS, BURST_WINDOW = 20, 0.2
MOST_SESSIONS = 5 * PAGE_SIZE  # of one batch

Key = tuple[Subject, str]  # what to look at, and its id


@dataclass(slots=True)
class Waiting:
    """The events that say to look at one thing, by their ids, and when that was created (Unix
    seconds; 0 where they do not say)."""

    created: int
    events: dict[str, DueEvent] = field(default_factory=dict)


Batch = dict[Key, Waiting]


def event_ids(waiting: Iterable[Waiting]) -> set[str]:
    """The ids of all these events."""
    return set().union(*(one.events for one in waiting))


class Backlog:
    """Belongs to one event loop. A burst holds back what waits for ``burst_seconds`` at the
    most."""

    def __init__(self, burst_seconds: float) -> None:
        self._burst_seconds = burst_seconds
        self._sessions: Batch = {}
        self._others: Batch = {}
        self._sessions_next = True
        self._taken: set[str] = set()
        self._is_filled = asyncio.Event()
        self._arrivals: deque[float] = deque(maxlen=BURST_EVENTS)

    def __len__(self) -> int:
        return len(self._sessions) + len(self._others)

    def add(self, due: Iterable[DueEvent]) -> None:
        """Have these events wait, but for those that are being handled: a slow Stripe is not
        asked again meanwhile."""
        now = asyncio.get_running_loop().time()
        for event in due:
            self._arrivals.append(now)
            if event.id not in self._taken:
                batch = self._sessions if event.subject is Subject.SESSION else self._others
                key = (event.subject, event.subject_id)
                batch.setdefault(key, Waiting(event.created)).events[event.id] = event
        if self:
            self._is_filled.set()

    def __contains__(self, event_id: str) -> bool:
        """Whether this event waits, or is being handled."""
        waiting = (*self._sessions.values(), *self._others.values())
        return event_id in self._taken or any(event_id in one.events for one in waiting)

    @property
    def is_burst(self) -> bool:
        """Whether events are arriving in great number."""
        return self._burst_lasts > 0

    @property
    def is_idle(self) -> bool:
        """Nothing waits or is being handled, and no burst is under way."""
        return not (self or self._taken or self.is_burst)

    @property
    def _burst_lasts(self) -> float:
        """For how many seconds more, should nothing arrive."""
        if len(self._arrivals) < BURST_EVENTS:
            return 0.0
        return self._arrivals[0] + BURST_WINDOW - asyncio.get_running_loop().time()

    async def ready(self) -> int:
        """How much is to be taken now, once something is: in a burst all that waits when it is
        over, or when it has lasted."""
        await self._is_filled.wait()
        loop = asyncio.get_running_loop()
        until = loop.time() + self._burst_seconds
        while True:
            pause = min(self._burst_lasts, until - loop.time())
            if pause <= 0:
                return len(self)
            await asyncio.sleep(pause)

    def take(self) -> Batch:
        """What was created first: sessions, as many as some lists hold, or others. Where both wait
        they alternate. ``done`` says that they are handled."""
        chosen = self._sessions if self._sessions and self._sessions_next else self._others
        if not chosen:
            chosen = self._sessions
        self._sessions_next = chosen is self._others
        most = MOST_SESSIONS if chosen is self._sessions else PAGE_SIZE
        oldest = nsmallest(most, chosen, key=lambda key: chosen[key].created)
        batch = {key: chosen.pop(key) for key in oldest}
        self._taken |= event_ids(batch.values())
        if not self:
            self._is_filled.clear()
        return batch

    def done(self, ids: set[str]) -> None:
        """These events are no longer being handled."""
        self._taken -= ids
