"""What a request changes: the objects as they were stored before and after, and its events."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Change:
    """One write to an object: its stored JSON `before` (None: it was created) and `after` (None:
    it was deleted)."""

    kind: str
    id: str
    before: str | None
    after: str | None


@dataclass(slots=True)
class Changes:
    """What was changed so far: writes to objects in order, and `events` as id and type."""

    objects: list[Change] = field(default_factory=list)
    events: list[tuple[str, str]] = field(default_factory=list)


recording: ContextVar[Changes | None] = ContextVar("what the request changes", default=None)
"""Where changes are written down; None: nowhere."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A point in what is being recorded."""

    changes: Changes | None
    objects: int = 0
    events: int = 0

    def undo(self) -> None:
        """Forget what was changed since, as the database does."""
        if self.changes is not None:
            del self.changes.objects[self.objects :]
            del self.changes.events[self.events :]


def mark() -> Mark:
    """This point, to which a transaction may have to go back."""
    changes = recording.get()
    if changes is None:
        return _NOTHING
    return Mark(changes, len(changes.objects), len(changes.events))


_NOTHING = Mark(None)
