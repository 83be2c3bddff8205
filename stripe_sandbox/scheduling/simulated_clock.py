"""The sandbox's clock: the wall clock's time, moved forward as far as was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from stripe_sandbox.clock import Clock
from stripe_sandbox.storage.database import Database

_AHEAD = "clock_ahead_seconds"
_frozen: ContextVar[float | None] = ContextVar("the moment at which time is frozen", default=None)


class SimulatedClock(Clock):
    """The wall clock plus an advance. The advance is stored in the database: processes that share
    it agree."""

    def __init__(self, wall: Clock, database: Database) -> None:
        super().__init__()
        self._wall = wall
        self._database = database

    def on_move(self, listener: Callable[[], None]) -> None:
        self._wall.on_move(listener)
        super().on_move(listener)

    def wall(self) -> float:
        return self._wall.time()

    def time(self) -> float:
        frozen = _frozen.get()
        return self._wall.time() + self.ahead() if frozen is None else frozen

    def ahead(self) -> float:
        """Seconds that this clock is ahead of the wall clock."""
        return float(self._database.setting(_AHEAD) or 0)

    def move_ahead(self, seconds: float) -> None:
        """Be so many seconds ahead of the wall clock, but never earlier than now."""
        self._set(max(seconds, self.ahead()))

    def reset(self) -> None:
        """Back to the wall clock's time."""
        self._set(0.0)

    def _set(self, seconds: float) -> None:
        with self._database.transaction():
            self._database.set_setting(_AHEAD, repr(seconds) if seconds else None)
            self._database.after_commit(self._moved)

    def _moved(self) -> None:
        for listener in self._listeners:
            listener()

    @contextmanager
    def frozen_at(self, moment: float) -> Iterator[None]:
        """Time stands at that moment, in Unix seconds UTC, for what the block does."""
        token = _frozen.set(moment)
        try:
            yield
        finally:
            _frozen.reset(token)
