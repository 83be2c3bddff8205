"""The sandbox's clock: the wall's, moved forward as far as somebody asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from stripe_sandbox.clock import Clock
from stripe_sandbox.storage.database import Database

_AHEAD = "clock_ahead_seconds"
_standing: ContextVar[float | None] = ContextVar("the moment at which time stands", default=None)


class SimulatedClock(Clock):
    """How far it is ahead is kept in the database, so every process that shares it agrees."""

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
        standing = _standing.get()
        return self._wall.time() + self.ahead() if standing is None else standing

    def ahead(self) -> float:
        """Seconds before the wall's clock."""
        return float(self._database.setting(_AHEAD) or 0)

    def move_ahead(self, seconds: float) -> None:
        """Be so many seconds before the wall's clock, but never earlier than now."""
        self._set(max(seconds, self.ahead()))

    def reset(self) -> None:
        """Back to the wall's time."""
        self._set(0.0)

    def _set(self, seconds: float) -> None:
        with self._database.transaction():
            self._database.set_setting(_AHEAD, repr(seconds) if seconds else None)
            self._database.after_commit(self._moved)

    def _moved(self) -> None:
        for listener in self._listeners:
            listener()

    @contextmanager
    def at(self, moment: float) -> Iterator[None]:
        """Whatever this block does happens at that moment, in Unix seconds UTC."""
        token = _standing.set(moment)
        try:
            yield
        finally:
            _standing.reset(token)
