"""What a scenario is, and the test cards that several use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pages.scenarios.verdict import Expected

if TYPE_CHECKING:
    from billing.domain.sessions.checkout_session import Kind
    from pages.scenarios.steps.step import Step

VISA = "4242424242424242"
COMPLETED = "checkout.session.completed"
NOTHING = Expected(0, ())


@dataclass(frozen=True)
class Scenario:
    """What is sold, what then happens, and what the customer is expected to have in the end."""

    name: str
    title: str
    about: str
    kind: Kind
    quantity: int
    steps: tuple[Step, ...]
    expected: Expected

    @property
    def moves_clock(self) -> bool:
        """The sandbox's clock stays ahead afterwards, until it is reset."""
        return any(step.moves_clock for step in self.steps)
