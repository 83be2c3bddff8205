"""Runs of scenarios go on without a page: they outlive the tab, and go on after a restart."""

from __future__ import annotations

import asyncio
import logging
import threading
from concurrent.futures import Future
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from pydantic import ValidationError

from billing.errors import BillingError
from pages.scenarios.catalog.scenarios import scenario_named
from pages.scenarios.delivery import Delivery
from pages.scenarios.runs.errors import AlreadyRunning
from pages.scenarios.runs.run import ScenarioResult, ScenarioRun, StepResult
from pages.scenarios.runs.runner import run_scenario
from pages.scenarios.runs.sale import clean_up, open_context
from pages.scenarios.sandbox_client import Controls
from pages.scenarios.sandbox_requests import ANY_KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from billing.services import Services
    from pages.scenarios.catalog.scenario import Scenario
    from pages.services import PageServices

log = logging.getLogger(__name__)

BEGINS_WITHIN = 30.0
RESUME_SECONDS = 10.0  # until it is looked again for runs whose process is gone
# Of each installation the scenarios that wait in this process for another to end, and how their
# webhooks are to be delivered.
_waiting: WeakKeyDictionary[Services, dict[str, Delivery]] = WeakKeyDictionary()


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
        """The server was stopped while it was under way: it is to go on."""
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


def waiting_runs(billing: PageServices, known: Mapping[str, KnownRun]) -> Sequence[str]:
    """The names of the scenarios that wait for others to end; before this process has begun or
    resumed any, those that the last one has left waiting."""
    mine = _waiting.get(billing.services)
    return tuple(_left_waiting(known) if mine is None else mine)


def start(
    scenarios: Sequence[Scenario],
    billing: PageServices,
    controls: Controls | None = None,
    delivery: Delivery = Delivery.IN_ORDER,
) -> None:
    """Have them run one after another while the page goes on: by the sandbox's ``controls``,
    without them at Stripe. Raises ``AlreadyRunning`` where one runs or waits, and at Stripe
    whatever else keeps the first from beginning."""
    known, names = known_runs(billing), [one.name for one in scenarios]
    waiting = _waiting.setdefault(billing.services, _left_waiting(known))
    if any(name in waiting or (name in known and known[name].is_running) for name in names):
        raise AlreadyRunning
    waiting |= dict.fromkeys(names, delivery)
    begun: Future[None] = Future()
    _in_background(partial(_run_each, names, waiting, billing, controls, begun), "scenarios")
    if controls is None:
        begun.result(BEGINS_WITHIN)


def stop_waiting(billing: PageServices) -> None:
    """None of those that wait is to run."""
    _waiting.setdefault(billing.services, {}).clear()


def resume(billing: PageServices, controls: Controls | None = None) -> bool:
    """Have each run go on that a server's end interrupted, with the step that was under way; one
    that needs faults of the sandbox, which its end has cleared, begins anew. Those that waited for
    it run after it. Whether others are under way, whose process may be gone. Raises
    ``StoreFailure``."""
    is_any_alive, every = False, known_runs(billing)
    for name, known in every.items():
        scenario = scenario_named(name)
        is_any_alive = is_any_alive or known.is_running
        if scenario is None or not known.was_interrupted:
            continue
        run = known.run
        if scenario.only_in_sandbox:
            with suppress(BillingError):  # what is left is an open session
                clean_up(open_context(scenario, billing, controls, run))
            run = ScenarioRun(name, delivery=run.delivery, attempt=run.attempt)
        left = _left_waiting(every)
        waiting = _waiting.setdefault(billing.services, left)
        if controls:
            run.waiting = waiting
        _in_background(partial(_go_on, scenario, run, tuple(left), billing, controls), name)
    return is_any_alive


async def resume_once_serving(billing: PageServices) -> None:
    """The same as soon as this process's own server answers, and until none is under way whose
    process is gone."""
    key = billing.services.settings.secret_key or ANY_KEY
    controls = Controls(billing.controls_url, key) if billing.controls_url else None
    while True:
        try:
            if controls:
                await asyncio.to_thread(controls.state)
            if not await asyncio.to_thread(resume, billing, controls):
                return
        except BillingError as failure:
            log.info("Scenarios do not go on yet: %s", failure)
        await asyncio.sleep(RESUME_SECONDS)


def _left_waiting(known: Mapping[str, KnownRun]) -> dict[str, Delivery]:
    """What waited for the runs that have not ended, as they have stored it."""
    runs = [one.run for one in known.values() if one.result is None]
    begun = {run.scenario for run in runs}
    waiting = {name: delivery for run in runs for name, delivery in run.waiting.items()}
    return {name: delivery for name, delivery in waiting.items() if name not in begun}


def _go_on(
    scenario: Scenario,
    run: ScenarioRun,
    after: Sequence[str],
    billing: PageServices,
    controls: Controls | None,
) -> None:
    _run(scenario, billing, controls, run, _Begun())
    _run_each(after, _waiting[billing.services], billing, controls, Future())


def _run_each(
    names: Sequence[str],
    waiting: dict[str, Delivery],
    billing: PageServices,
    controls: Controls | None,
    begun: Future[None],
) -> None:
    """One after another, unless all are stopped meanwhile."""
    for name in names:
        scenario, delivery = scenario_named(name), waiting.get(name)
        if scenario and delivery:
            run = ScenarioRun(name, delivery=delivery, waiting=waiting if controls else {})
            _run(scenario, billing, controls, run, _Begun(waiting, name, begun))


def _run(
    scenario: Scenario,
    billing: PageServices,
    controls: Controls | None,
    run: ScenarioRun,
    begun: _Begun,
) -> None:
    try:
        run_scenario(scenario, billing, controls, begun, run=run)
    except AlreadyRunning as failure:  # somebody else was faster, here or in another process
        begun.failed(failure)
    except BillingError as failure:  # the server is stopping, or it could not begin
        begun.failed(failure)
        log.info("The scenario %s does not run: %s", scenario.name, failure)
    except Exception as error:
        begun.failed(error)
        log.exception("A scenario was broken off: %s", scenario.name)


class _Begun:
    """Hears that the first step begins, or that none does: then the run waits no more."""

    def __init__(
        self,
        waiting: dict[str, Delivery] | None = None,
        name: str = "",
        begun: Future[None] | None = None,
    ) -> None:
        self._waiting = {} if waiting is None else waiting
        self._name = name
        self._begun = begun or Future()

    def step_started(self, label: str) -> None:
        del label
        self._leave()
        if not self._begun.done():
            self._begun.set_result(None)

    def step_ended(self, result: StepResult) -> None:
        """The page reads it in the stored run."""

    def failed(self, error: Exception) -> None:
        self._leave()
        if not self._begun.done():
            self._begun.set_exception(error)

    def _leave(self) -> None:
        self._waiting.pop(self._name, None)


def _in_background(work: Callable[[], None], name: str) -> None:
    target = copy_context().run  # as whoever has the page open
    threading.Thread(target=target, args=(work,), name=name, daemon=True).start()
