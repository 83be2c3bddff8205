"""Runs a scenario step by step, reports each step, and ends with the verdict."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from billing.access.caller import requires
from billing.domain.access import Permission
from billing.domain.event import EventState
from billing.domain.sessions.source import Source
from billing.errors import BillingError
from pages.scenarios.context import RunContext, StepFailed
from pages.scenarios.delivery import Delivery
from pages.scenarios.verdict import Verdict, verify

if TYPE_CHECKING:
    from pages.scenarios.catalog.scenario import Scenario
    from pages.scenarios.records import ScenarioRecords
    from pages.scenarios.sandbox_client import Controls
    from pages.scenarios.steps.step import Step
    from pages.services import PageServices

log = logging.getLogger(__name__)

PROCESSED_STATES = (EventState.HANDLED, EventState.IGNORED)
# Scenarios share the sandbox's faults and clock: one runs at a time.
_running = threading.Lock()


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
    is in Unix seconds."""

    scenario: str
    steps: tuple[StepResult, ...]
    verdict: Verdict
    session_id: str
    ended_at: float
    delivery: Delivery = Delivery.IN_ORDER

    @property
    def seconds(self) -> float:
        """How long its steps took."""
        return sum(step.seconds for step in self.steps)


class Reporter(Protocol):
    """Hears of each step as it begins and ends."""

    def step_started(self, label: str) -> None: ...
    def step_ended(self, result: StepResult) -> None: ...


@requires(Permission.RUN_SCENARIOS, on="scenario.name")
def run_scenario(
    scenario: Scenario,
    billing: PageServices,
    controls: Controls,
    reporter: Reporter,
    delivery: Delivery = Delivery.IN_ORDER,
) -> ScenarioResult:
    """Run it to its verdict, which also says what went wrong on the way. At the end, also when the
    run is aborted, faults that the scenario has set are cleared and a session that is still open
    is expired."""
    with _running:
        run = _Run(scenario, billing, controls, reporter, delivery)
        try:
            verdict = run.to_verdict()
        except (StepFailed, BillingError) as failure:
            verdict = run.stopped(failure)
        finally:
            run.clean_up()
    session_id = run.context.session.id if run.context else ""
    return ScenarioResult(
        scenario.name, tuple(run.results), verdict, session_id, time.time(), delivery
    )


class _Run:
    def __init__(
        self,
        scenario: Scenario,
        billing: PageServices,
        controls: Controls,
        reporter: Reporter,
        delivery: Delivery,
    ) -> None:
        self.context: RunContext | None = None
        self.results: list[StepResult] = []
        self._scenario = scenario
        self._billing = billing
        self._controls = controls
        self._reporter = reporter
        self._delivery = delivery

    def to_verdict(self) -> Verdict:
        self.context = context = self._create_session()
        if self._delivery.faults:
            context.set_faults(context.faults)
        for step in self._scenario.steps:
            self._run_step(step, context)
        context.end_faults()
        self._reporter.step_started("Compare the ledger with the sandbox")
        records = _processed_records(context)
        return verify(records, self._scenario.expected, clock_ahead=context.ahead)

    def stopped(self, failure: StepFailed | BillingError) -> Verdict:
        last = self.results[-1] if self.results else None
        where = f" at “{last.label}”" if last and last.status is StepStatus.FAILED else ""
        next_step = f" {failure.next_step}" if isinstance(failure, BillingError) else ""
        return Verdict(False, f"Stopped{where}", f"{failure}{next_step}".strip())

    def clean_up(self) -> None:
        if self.context is None:
            return
        try:
            self.context.end_faults()
            self.context.expire_if_open()
        except BillingError as failure:  # the page shows the faults that are still on
            log.warning("A scenario left faults or an open session behind: %s", failure)

    def _create_session(self) -> RunContext:
        kind, quantity = self._scenario.kind, self._scenario.quantity
        label = f"Create a Checkout Session: {kind.describe(quantity)}"
        self._reporter.step_started(label)
        started = time.monotonic()
        state = self._controls.state()
        checkout = self._billing.services.checkout
        session = self._billing.call(
            lambda: checkout.create(
                kind,
                quantity,
                made_by="test kit",
                source=Source.TEST_KIT,
                label=self._scenario.title,
            )
        )
        self._end_step(StepResult(label, session.amount, time.monotonic() - started))
        # An address of its own, so that the ledger can be asked for all lines of this customer.
        email = f"{self._scenario.name}-{uuid.uuid4().hex[:8]}@example.com"
        return RunContext(
            self._billing,
            self._controls,
            session,
            email,
            state.faults,
            state.ahead_seconds,
            self._delivery,
        )

    def _run_step(self, step: Step, context: RunContext) -> None:
        self._reporter.step_started(step.label)
        started = time.monotonic()
        try:
            text = step.act(context)
        except (StepFailed, BillingError) as failure:
            seconds = time.monotonic() - started
            self._end_step(StepResult(step.label, str(failure), seconds, StepStatus.FAILED))
            raise
        self._end_step(StepResult(step.label, text, time.monotonic() - started))

    def _end_step(self, result: StepResult) -> None:
        self.results.append(result)
        self._reporter.step_ended(result)


def _processed_records(context: RunContext) -> ScenarioRecords:
    """Both sides once every event is processed, or as they are when that takes too long."""
    both_sides = context.both_sides()
    with suppress(StepFailed):
        records = context.wait_for(
            lambda records: all(event.state in PROCESSED_STATES for event in records.events),
            "The end of processing",
        )
        return replace(both_sides, records=records)
    return context.both_sides()
