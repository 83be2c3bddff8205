"""The sandbox's clock: the wall clock's time, moved forward as far as was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from stripe_sandbox.clock import Clock
from stripe_sandbox.storage.database import Database

_AHEAD = "clock_ahead_seconds"
_test_clock: ContextVar[tuple[str, float] | None] = ContextVar(
    "the test clock in whose time something happens, and that time", default=None
)
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
        test_clock = _test_clock.get()
        return self.account_time() if test_clock is None else test_clock[1]

    def account_time(self) -> float:
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

    @contextmanager
    def of_test_clock(self, identifier: str, moment: float) -> Iterator[None]:
        """What the block does happens in the time of the test clock of that id, in which it is
        `moment`, in Unix seconds UTC."""
        token = _test_clock.set((identifier, moment))
        try:
            yield
        finally:
            _test_clock.reset(token)

    def test_clock(self) -> str | None:
        """The id of the test clock in whose time this happens; None: in the account's."""
        found = _test_clock.get()
        return None if found is None else found[0]
