"""What a scenario is, and the test cards that several use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pages.scenarios.steps.step import HOUR
from pages.scenarios.verdict import Expected

if TYPE_CHECKING:
    from pages.scenarios.steps.step import Step

VISA = "4242424242424242"
COMPLETED = "checkout.session.completed"
NOTHING = Expected(0, ())


@dataclass(frozen=True)
class Scenario:
    """What is sold and what then happens, and what the customer is expected to have in the end."""

    name: str
    title: str
    about: str
    steps: tuple[Step, ...]
    expected: Expected

    def step(self, label: str) -> Step | None:
        """The step of that label; None where there is none."""
        return next((step for step in self.steps if step.label == label), None)

    @property
    def moves_clock(self) -> bool:
        """The sandbox's clock stays hours ahead afterwards, until it is reset."""
        return any(step.seconds >= HOUR for step in self.steps)

    @property
    def needs_test_clock(self) -> bool:
        """Its customer lives in the time of a test clock."""
        return any(step.needs_test_clock for step in self.steps)

    @property
    def needs_person(self) -> bool:
        """At Stripe somebody has to do a part of it."""
        return any(step.by_person for step in self.steps)

    @property
    def only_in_sandbox(self) -> str:
        """Why it cannot be had at Stripe, as a sentence; empty where it can."""
        return next((step.only_in_sandbox for step in self.steps if step.only_in_sandbox), "")
