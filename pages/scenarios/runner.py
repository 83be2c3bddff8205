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
from pages.scenarios.context import Astray, Journey
from pages.scenarios.sandbox_client import ControlFailure
from pages.scenarios.verdict import Verdict, judge

if TYPE_CHECKING:
    from pages.scenarios.catalog import Scenario
    from pages.scenarios.records import Evidence
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

    def begins(self, label: str) -> None: ...
    def done(self, step: StepDone) -> None: ...


def run(scenario: Scenario, billing: PageServices, controls: Controls, reporter: Reporter) -> Run:
    """Run it to its verdict. Whatever goes wrong is told there; faults that the scenario sets
    are taken back at the end, also when whoever watches goes away."""
    done: list[StepDone] = []
    with ONE_AT_A_TIME:
        journey: Journey | None = None
        try:
            journey = _begun(scenario, billing, controls, reporter, done)
            for step in scenario.steps:
                _take(step, journey, reporter, done)
            journey.end_faults()
            reporter.begins("Compare Stripe's session with what was granted")
            evidence = _settled_evidence(journey)
            verdict = judge(evidence, should_be_paid=scenario.paid, clock_ahead=journey.ahead)
        except (Astray, BillingError) as failure:
            verdict = _broken_off(failure, done)
        finally:
            if journey:
                _end_faults(journey)
    session_id = journey.session.id if journey else ""
    return Run(scenario.name, tuple(done), verdict, session_id, time.time())


def _begun(
    scenario: Scenario,
    billing: PageServices,
    controls: Controls,
    reporter: Reporter,
    done: list[StepDone],
) -> Journey:
    bought = scenario.kind.describe(scenario.quantity)
    label = f"Create a Checkout Session: {bought}"
    reporter.begins(label)
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
    return Journey(billing, controls, session, email, state.faults, state.ahead_seconds)


def _take(step: Step, journey: Journey, reporter: Reporter, done: list[StepDone]) -> None:
    reporter.begins(step.label)
    started = time.monotonic()
    try:
        result = step.act(journey)
    except (Astray, BillingError) as failure:
        astray = StepDone(step.label, str(failure), time.monotonic() - started, well=False)
        _note(astray, reporter, done)
        raise
    _note(StepDone(step.label, result, time.monotonic() - started), reporter, done)


def _note(step: StepDone, reporter: Reporter, done: list[StepDone]) -> None:
    done.append(step)
    reporter.done(step)


def _end_faults(journey: Journey) -> None:
    try:
        journey.end_faults()
    except ControlFailure as failure:  # the page shows the faults that are still on
        log.warning("A scenario's faults could not be cleared: %s", failure)


def _settled_evidence(journey: Journey) -> Evidence:
    """Both sides, ours as it came to rest; the verdict tells when it does not."""
    evidence = journey.evidence()
    with suppress(Astray):
        records = journey.wait_for(
            lambda records: all(event.state in AT_REST for event in records.events),
            "The end of processing",
        )
        return replace(evidence, records=records)
    return journey.evidence()


def _broken_off(failure: Astray | BillingError, done: list[StepDone]) -> Verdict:
    where = f" at “{done[-1].label}”" if done and not done[-1].well else ""
    next_step = f" {failure.next_step}" if isinstance(failure, BillingError) else ""
    return Verdict(False, f"Stopped{where}", f"{failure}{next_step}".strip())
