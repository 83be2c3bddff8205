"""Runs a scenario step by step, reports each step, and ends with the verdict."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import nullcontext, suppress
from functools import partial
from typing import TYPE_CHECKING, Protocol

from billing.access.caller import requires
from billing.domain.access import Permission
from billing.domain.events.event import EventState
from billing.errors import BillingError
from pages.scenarios.delivery import Delivery
from pages.scenarios.runs.errors import AlreadyRunning, StepFailed, Stopped, TakenOver
from pages.scenarios.runs.run import ScenarioResult, ScenarioRun, StepResult, StepStatus
from pages.scenarios.runs.sale import clean_up, open_context
from pages.scenarios.verdict import Verdict, verify
from pages.services import ServerStopping

if TYPE_CHECKING:
    from collections.abc import Callable

    from pages.scenarios.catalog.scenario import Scenario
    from pages.scenarios.context import RunContext
    from pages.scenarios.records import ScenarioRecords
    from pages.scenarios.sandbox_client import Controls
    from pages.services import PageServices

log = logging.getLogger(__name__)

PROCESSED_STATES = (EventState.HANDLED, EventState.IGNORED)
# Scenarios share the sandbox's faults and clock: one runs at a time.
one_at_a_time = threading.Lock()


class Reporter(Protocol):
    """Hears of each step as it begins and ends."""

    def step_started(self, label: str) -> None: ...
    def step_ended(self, result: StepResult) -> None: ...


@requires(Permission.RUN_SCENARIOS, on="scenario.name")
def run_scenario(
    scenario: Scenario,
    billing: PageServices,
    controls: Controls | None,
    reporter: Reporter,
    delivery: Delivery = Delivery.IN_ORDER,
    run: ScenarioRun | None = None,
) -> ScenarioResult:
    """Run it to its verdict, which also says what went wrong on the way: by the sandbox's
    ``controls``, without them at Stripe. ``run`` is one that was interrupted; it goes on with the
    step that was under way. At the end, also when the run is aborted, faults that the scenario has
    set are cleared and what it has made is closed, as far as that can be.

    Raises ``AlreadyRunning``, and ``StoreFailure`` where nothing can be stored.
    """
    run = run or ScenarioRun(scenario.name, delivery=delivery)
    with one_at_a_time if controls else nullcontext():
        return _Run(scenario, billing, controls, reporter, run).to_result()


class _Run:
    def __init__(
        self,
        scenario: Scenario,
        billing: PageServices,
        controls: Controls | None,
        reporter: Reporter,
        run: ScenarioRun,
    ) -> None:
        self._scenario = scenario
        self._billing = billing
        self._controls = controls
        self._reporter = reporter
        self._run = run
        self._context: RunContext | None = None
        self._failed: StepResult | None = None

    def to_result(self) -> ScenarioResult:
        runs = self._billing.services.scenario_runs
        self._run.attempt += 1
        if not self._billing.call(lambda: runs.begin(self._run)):
            raise AlreadyRunning
        was_stopped = False
        try:
            verdict = self._to_verdict()
        except (ServerStopping, TakenOver):  # it goes on after the restart, or elsewhere
            raise
        except (StepFailed, BillingError) as failure:
            verdict = self._stopped(failure)
            was_stopped = isinstance(failure, Stopped)
        except Exception:
            log.exception("The scenario %s was broken off", self._scenario.name)
            verdict = self._stopped(StepFailed("An error that no step foresees: see the log."))
        except BaseException:  # aborted
            self._clean_up()
            self._billing.call(lambda: runs.end(self._run))
            raise
        left = self._clean_up()
        self._run.result = result = ScenarioResult(
            self._scenario.name,
            self._run.steps + ((self._failed,) if self._failed else ()),
            verdict,
            self._run.session_id,
            time.time(),
            self._run.delivery,
            left,
            was_stopped,
        )
        self._billing.call(lambda: runs.end(self._run))
        return result

    def _to_verdict(self) -> Verdict:
        self._context = context = open_context(
            self._scenario, self._billing, self._controls, self._run
        )
        if self._run.delivery.faults:
            context.set_faults(context.faults)
        for step in self._scenario.steps[len(self._run.steps) :]:
            self._do(step.label, partial(step.act, context))
        context.end_faults()
        self._reporter.step_started("Compare the ledger with Stripe")
        records = _processed_records(context)
        return verify(
            records,
            self._scenario.expected,
            clock_ahead=context.ahead,
            grant_seconds=context.grant_seconds,
        )

    def _clean_up(self) -> tuple[str, ...]:
        return clean_up(self._context) if self._context else ()

    def _stopped(self, failure: StepFailed | BillingError) -> Verdict:
        where = f" at “{self._failed.label}”" if self._failed else ""
        next_step = f" {failure.next_step}" if isinstance(failure, BillingError) else ""
        return Verdict(False, f"Stopped{where}", f"{failure}{next_step}".strip())

    def _do(self, label: str, act: Callable[[], str]) -> None:
        self._run.step = label
        self._save()
        if self._context:
            self._context.check_alive()
        self._reporter.step_started(label)
        started = time.monotonic()
        try:
            text = act()
        except (ServerStopping, TakenOver):
            raise
        except (StepFailed, BillingError) as failure:
            seconds = time.monotonic() - started
            self._failed = StepResult(label, str(failure), seconds, StepStatus.FAILED)
            self._reporter.step_ended(self._failed)
            raise
        result = StepResult(label, text, time.monotonic() - started)
        self._run.steps = (*self._run.steps, result)
        self._save()
        self._reporter.step_ended(result)

    def _save(self) -> None:
        runs = self._billing.services.scenario_runs
        self._billing.call(lambda: runs.save(self._run))


def _processed_records(context: RunContext) -> ScenarioRecords:
    """Both sides once every event is processed, or as they are when that takes too long."""
    records = None
    with suppress(StepFailed):
        records = context.wait_for(
            lambda records: all(event.state in PROCESSED_STATES for event in records.events),
            "The end of processing",
        )
    return context.both_sides(records)
