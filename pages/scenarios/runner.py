"""Runs a scenario step by step, tells of each, and ends with the verdict."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from billing.errors import BillingError
from pages.scenarios.context import RunContext, StepFailed
from pages.scenarios.sandbox_client import ControlFailure
from pages.scenarios.verdict import Verdict, judge

if TYPE_CHECKING:
    from pages.scenarios.catalog import Scenario
    from pages.scenarios.records import ScenarioRecords
    from pages.scenarios.sandbox_client import Controls
    from pages.scenarios.steps import Step
    from pages.services import PageServices

log = logging.getLogger(__name__)

AT_REST = ("handled", "ignored")
# They share the sandbox's faults and clock.
ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class StepDone:
    """A step that is over: what it was, what came of it, how many seconds it took."""

    label: str
    result: str
    seconds: float
    well: bool = True


@dataclass(frozen=True)
class Run:
    """A run that is over; ``session_id`` is empty when none could be made."""

    scenario: str
    steps: tuple[StepDone, ...]
    verdict: Verdict
    session_id: str
    ended_at: float


class Reporter(Protocol):
    """Is told of a run as it goes."""

    def step_started(self, label: str) -> None: ...
    def done(self, step: StepDone) -> None: ...


def run(scenario: Scenario, billing: PageServices, controls: Controls, reporter: Reporter) -> Run:
    """Run it to its verdict. Whatever goes wrong is told there; faults that the scenario sets
    are taken back at the end, also when whoever watches goes away."""
    done: list[StepDone] = []
    with ONE_AT_A_TIME:
        context: RunContext | None = None
        try:
            context = _begun(scenario, billing, controls, reporter, done)
            for step in scenario.steps:
                _take(step, context, reporter, done)
            context.end_faults()
            reporter.step_started("Compare Stripe's session with what was granted")
            both_sides = _settled_evidence(context)
            verdict = judge(both_sides, should_be_paid=scenario.paid, clock_ahead=context.ahead)
        except (StepFailed, BillingError) as failure:
            verdict = _broken_off(failure, done)
        finally:
            if context:
                _end_faults(context)
    session_id = context.session.id if context else ""
    return Run(scenario.name, tuple(done), verdict, session_id, time.time())


def _begun(
    scenario: Scenario,
    billing: PageServices,
    controls: Controls,
    reporter: Reporter,
    done: list[StepDone],
) -> RunContext:
    bought = scenario.kind.describe(scenario.quantity)
    label = f"Create a Checkout Session: {bought}"
    reporter.step_started(label)
    started = time.monotonic()
    state = controls.state()
    session = billing.call(
        lambda: billing.services.checkout.create(
            scenario.kind, scenario.quantity, made_by="test kit"
        )
    )
    _note(StepDone(label, session.amount, time.monotonic() - started), reporter, done)
    # An address of its own, so that the ledger can be asked for all lines of this customer.
    email = f"{scenario.name}-{uuid.uuid4().hex[:8]}@example.com"
    return RunContext(billing, controls, session, email, state.faults, state.ahead_seconds)


def _take(step: Step, context: RunContext, reporter: Reporter, done: list[StepDone]) -> None:
    reporter.step_started(step.label)
    started = time.monotonic()
    try:
        result = step.act(context)
    except (StepFailed, BillingError) as failure:
        astray = StepDone(step.label, str(failure), time.monotonic() - started, well=False)
        _note(astray, reporter, done)
        raise
    _note(StepDone(step.label, result, time.monotonic() - started), reporter, done)


def _note(step: StepDone, reporter: Reporter, done: list[StepDone]) -> None:
    done.append(step)
    reporter.done(step)


def _end_faults(context: RunContext) -> None:
    try:
        context.end_faults()
    except ControlFailure as failure:  # the page shows the faults that are still on
        log.warning("A scenario's faults could not be cleared: %s", failure)


def _settled_evidence(context: RunContext) -> ScenarioRecords:
    """Both sides, ours as it came to rest; the verdict tells when it does not."""
    both_sides = context.both_sides()
    with suppress(StepFailed):
        records = context.wait_for(
            lambda records: all(event.state in AT_REST for event in records.events),
            "The end of processing",
        )
        return replace(both_sides, records=records)
    return context.both_sides()


def _broken_off(failure: StepFailed | BillingError, done: list[StepDone]) -> Verdict:
    where = f" at “{done[-1].label}”" if done and not done[-1].well else ""
    next_step = f" {failure.next_step}" if isinstance(failure, BillingError) else ""
    return Verdict(False, f"Stopped{where}", f"{failure}{next_step}".strip())
