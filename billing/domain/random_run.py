"""A random run: deliveries get faults by chance, and there is a verdict on what was paid."""

from __future__ import annotations

from dataclasses import dataclass

MOST_SEED = 999_999


@dataclass(frozen=True)
class RandomRun:
    """Times are Unix seconds; ``ended_at`` is None until there is a verdict. ``purchases`` are
    those that it makes itself, in the sandbox. ``sessions`` are the Checkout Sessions that were
    looked at, ``paid`` those of them that are paid; ``problems`` say in words what is wrong."""

    seed: int
    started_at: float
    purchases: int = 0
    ended_at: float | None = None
    deliveries: int = 0
    sessions: int = 0
    paid: int = 0
    problems: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """There is a verdict, and nothing is wrong."""
        return self.ended_at is not None and not self.problems
