"""A run of a scenario: how far it is, and its result. It is stored, so that it outlives the tab
and the server."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from pages.scenarios.delivery import Delivery
from pages.scenarios.verdict import Verdict


class StepStatus(StrEnum):
    """How a step ended."""

    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True)
class StepResult:
    """A step that has ended: its ``label``, its result in plain words, how many seconds it took."""

    label: str
    text: str
    seconds: float
    status: StepStatus = StepStatus.PASSED


@dataclass(frozen=True)
class ScenarioResult:
    """A run that has ended; ``session_id`` is empty when no session could be created, ``ended_at``
    is in Unix seconds. ``left`` says what it leaves at Stripe, a sentence each; ``was_stopped``: by
    somebody."""

    scenario: str
    steps: tuple[StepResult, ...]
    verdict: Verdict
    session_id: str
    ended_at: float
    delivery: Delivery = Delivery.IN_ORDER
    left: tuple[str, ...] = ()
    was_stopped: bool = False

    @property
    def seconds(self) -> float:
        """How long its steps took."""
        return sum(step.seconds for step in self.steps)


@dataclass
class ScenarioRun:
    """What a run has made and done: a Checkout Session, or by the API alone a ``subscription`` or a
    ``payment_intent``. ``id`` begins the idempotency keys of what it changes at Stripe. ``step`` is
    the label of the step under way, ``steps`` are those that have passed; ``noted`` is what a step
    must not find out, or make, a second time, ``awaited`` the ids of events that one has waited
    for, ``paid_at`` when one saw Stripe call the sale paid (Unix seconds). ``waiting`` are the
    scenarios that run after it, with their deliveries: in the sandbox the list of all that wait, as
    it is when the run is stored. Once it has ended it has a ``result``. ``attempt`` counts how
    often it has begun or gone on."""

    scenario: str
    id: str = field(default_factory=lambda: f"scenario-{uuid.uuid4().hex[:12]}")
    started_at: float = field(default_factory=time.time)
    delivery: Delivery = Delivery.IN_ORDER
    email: str = ""
    customer: str = ""
    test_clock: str = ""
    session_id: str = ""
    subscription: str = ""
    payment_intent: str = ""
    checkout_url: str = ""
    step: str = ""
    steps: tuple[StepResult, ...] = ()
    noted: dict[str, Any] = field(default_factory=dict)
    awaited: tuple[str, ...] = ()
    paid_at: float | None = None
    waiting: dict[str, Delivery] = field(default_factory=dict)
    result: ScenarioResult | None = None
    attempt: int = 0

    def __post_init__(self) -> None:
        # An address of its own, so that the ledger can be asked for all lines of this customer.
        self.email = self.email or f"{self.scenario}-{self.id[-8:]}@example.com"

    @property
    def lease(self) -> str:
        """By which the process that works at it now is known."""
        return f"{self.id}-{self.attempt}"

    def to_json(self) -> str:
        """As it is stored."""
        return _RUNS.dump_json(self).decode()

    @classmethod
    def from_json(cls, document: str) -> ScenarioRun:
        """As it was stored."""
        return _RUNS.validate_json(document)


_RUNS = TypeAdapter(ScenarioRun)
