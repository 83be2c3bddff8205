"""The one source of time in the sandbox."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime


class Clock:
    """The present time, in Unix seconds UTC. A subclass with another `time` moves the whole
    sandbox."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[], None]] = []

    def on_move(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever the clock is set, not when time merely passes."""
        self._listeners.append(listener)

    def time(self) -> float:
        """The present with its fraction of a second."""
        return time.time()

    def wall(self) -> float:
        """The wall clock's time, however far this clock was moved forward."""
        return self.time()

    def account_time(self) -> float:
        """The account's present, also for what lives in the time of a test clock."""
        return self.time()

    def now(self) -> int:
        """The present in whole seconds, as Stripe's objects carry it."""
        return int(self.time())

    def year_and_month(self) -> tuple[int, int]:
        """The present year and month, UTC."""
        moment = datetime.fromtimestamp(self.time(), UTC)
        return moment.year, moment.month


class ManualClock(Clock):
    """A clock that stands until it is moved: for tests and for time travel."""

    def __init__(self, start: float) -> None:
        super().__init__()
        self._time = float(start)

    def time(self) -> float:
        return self._time

    def advance(self, seconds: float) -> None:
        """Move `seconds` forward."""
        self._time += seconds
        for listener in self._listeners:
            listener()
