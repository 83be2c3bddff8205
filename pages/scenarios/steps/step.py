"""What a step is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pages.scenarios.context import RunContext

HOUR = 3_600
DAY = 86_400


@dataclass(frozen=True)
class Step:
    """``act`` does what ``label`` says; its result in plain words. Raises ``StepFailed`` or
    ``BillingError``. ``moves_clock``: it moves the sandbox's clock by hours or more."""

    label: str
    act: Callable[[RunContext], str]
    moves_clock: bool = False
