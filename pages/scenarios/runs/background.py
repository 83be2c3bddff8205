"""Runs of scenarios that go on without a page: those at Stripe, where a person has a part, and
which outlive the tab."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from billing.errors import BillingError
from pages.scenarios.runs.run import ScenarioResult, ScenarioRun, StepResult
from pages.scenarios.runs.runner import run_scenario
from pages.scenarios.runs.sale import clean_up, open_context

if TYPE_CHECKING:
    from pages.scenarios.catalog.scenario import Scenario
    from pages.services import PageServices

log = logging.getLogger(__name__)

BEGINS_WITHIN = 30.0


@dataclass(frozen=True)
class KnownRun:
    """The last run of a scenario. ``is_alive``: some process works at it now."""

    run: ScenarioRun
    is_alive: bool

    @property
    def result(self) -> ScenarioResult | None:
        """The result, once it has ended."""
        return self.run.result

    @property
    def is_running(self) -> bool:
        """It is under way."""
        return self.is_alive and self.run.result is None

    @property
    def was_interrupted(self) -> bool:
        """The server was stopped while it was under way: it can go on."""
        return not self.is_alive and self.run.result is None


def known_runs(billing: PageServices) -> dict[str, KnownRun]:
    """The last run of each scenario that has one, by the scenario's name. Raises
    ``StoreFailure``."""
    runs = billing.services.scenario_runs
    found = {}
    for stored in billing.call(runs.every):
        with suppress(ValidationError):  # another release's
            run = ScenarioRun.from_json(stored.document)
            found[stored.scenario] = KnownRun(run, stored.is_alive)
    return found


def start(
    scenario: Scenario,
    billing: PageServices,
    run: ScenarioRun | None = None,
    *,
    replaces: ScenarioRun | None = None,
) -> None:
    """Have it run at Stripe, or ``run`` go on after an interruption, while the page goes on; what
    an interrupted one that it ``replaces`` has made is closed first. Returns once it has begun.
    Raises ``BillingError`` where it cannot: it runs already, for instance."""
    begun = _Begun()

    def work() -> None:
        try:
            if replaces:
                clean_up(open_context(scenario, billing, None, replaces))
            run_scenario(scenario, billing, None, begun, run=run)
        except BillingError as failure:  # the server is stopping, or it could not begin
            begun.failed(failure)
        except Exception as error:
            begun.failed(error)
            log.exception("A scenario was broken off: %s", scenario.name)

    target = copy_context().run  # as whoever has the page open
    threading.Thread(target=target, args=(work,), name=scenario.name, daemon=True).start()
    begun.wait()


class _Begun:
    """Hears that the first step begins."""

    def __init__(self) -> None:
        self._begun: Future[None] = Future()

    def step_started(self, label: str) -> None:
        del label
        if not self._begun.done():
            self._begun.set_result(None)

    def step_ended(self, result: StepResult) -> None:
        """The page reads it in the stored run."""

    def failed(self, error: Exception) -> None:
        if not self._begun.done():
            self._begun.set_exception(error)

    def wait(self) -> None:
        self._begun.result(BEGINS_WITHIN)
