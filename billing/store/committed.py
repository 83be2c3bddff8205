"""What a transaction does, counted for the metrics once it is committed: until then it may be
rolled back."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

Metric = Literal["events_received", "events_processed", "ledger_lines"]
Counts = Counter[tuple[Metric, str]]
_COUNTS = "committed_counts"  # in a connection's info


def count(connection: Connection, metric: Metric, labels: Iterable[str]) -> None:
    """Count one of ``metric`` for each label."""
    counts: Counts = connection.info.setdefault(_COUNTS, Counter())
    counts.update((metric, label) for label in labels)


def take(connection: Connection) -> Counts:
    """What was counted on this connection since it was last asked."""
    counts: Counts = connection.info.pop(_COUNTS, Counter())
    return counts
