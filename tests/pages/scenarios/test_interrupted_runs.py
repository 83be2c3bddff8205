"""Runs that the server's end interrupts, that somebody stops, or that two people begin at once."""

from __future__ import annotations

import threading
from contextvars import copy_context
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import pytest
from sqlalchemy import update

from billing.store import tables
from pages.scenarios import context as context_module
from pages.scenarios.delivery import Delivery
from pages.scenarios.runs import background, runner
from pages.scenarios.runs.background import known_runs, resume, start, stop_waiting, waiting_runs
from pages.scenarios.runs.errors import AlreadyRunning, TakenOver
from pages.scenarios.runs.run import ScenarioRun
from pages.scenarios.runs.runner import run_scenario
from pages.services import PageServices, ServerStopping
from tests.pages.scenarios.players import BY_NAME, Listener, Person
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from pages.scenarios.catalog.scenario import Scenario
    from pages.scenarios.context import RunContext
    from pages.scenarios.runs.run import ScenarioResult
    from pages.scenarios.steps.step import Step
    from tests.support.servers.shop import ConnectedShop

LIVE = ("active", "incomplete", "past_due", "trialing", "unpaid")


class Crash:
    """The server ends each time when a step has been done, just before that is stored."""

    def __init__(self, scenario: Scenario) -> None:
        self.number = 0
        self._crashed: set[int] = set()
        steps = [self._crashing(number, one) for number, one in enumerate(scenario.steps)]
        self.scenario = replace(scenario, steps=tuple(steps))

    def _crashing(self, number: int, step: Step) -> Step:
        def act(context: RunContext) -> str:
            text = step.act(context)
            if number not in self._crashed:
                self._crashed.add(number)
                raise ServerStopping
            return text

        return replace(step, act=act)


def at_stripe(shop: ConnectedShop) -> PageServices:
    """What the pages have where the sandbox poses as Stripe."""
    return replace(shop.pages, controls_url=None)


def ended(shop: ConnectedShop, name: str) -> ScenarioResult:
    def find() -> ScenarioResult | None:
        known = known_runs(shop.pages).get(name)
        return known.result if known else None

    wait_for(find, f"the end of {name}")
    result = find()
    assert result
    return result


def release(shop: ConnectedShop, run: ScenarioRun) -> None:
    """As when the lease of a process that is gone has run out."""
    stored = known_runs(shop.pages)[run.scenario].run
    shop.pages.call(lambda: shop.services.scenario_runs.end(stored))


@pytest.mark.parametrize(
    ("name", "by_controls"),
    [
        ("api-renewal-saved", False),
        ("part-refund", True),
        ("delayed-succeeds", True),
        ("portal-cancel", True),
    ],
)
def test_a_run_that_is_interrupted_after_every_step_comes_to_its_verdict_and_does_nothing_twice(
    shop: ConnectedShop, name: str, *, by_controls: bool
) -> None:
    crash, run = Crash(BY_NAME[name]), ScenarioRun(name)
    controls = shop.controls if by_controls else None
    for _ in crash.scenario.steps:
        with pytest.raises(ServerStopping):
            run_scenario(crash.scenario, shop.pages, controls, Listener(), run=run)
        release(shop, run)
        run = known_runs(shop.pages)[name].run
    last = run_scenario(crash.scenario, shop.pages, controls, Listener(), run=run)
    assert last.verdict.passed, last
    assert [one.label for one in last.steps] == [one.label for one in BY_NAME[name].steps]


def test_a_run_goes_on_by_itself_once_its_process_is_gone(
    shop: ConnectedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until then it is looked again and again."""
    monkeypatch.setattr(background, "RESUME_SECONDS", 0.01)
    crash, run = Crash(BY_NAME["api-canceled"]), ScenarioRun("api-canceled")
    with pytest.raises(ServerStopping):
        run_scenario(crash.scenario, shop.pages, None, Listener(), run=run)
    assert resume(at_stripe(shop))
    going_on = shop.pages.start(lambda: background.resume_once_serving(at_stripe(shop)))
    assert not known_runs(shop.pages)[run.scenario].result
    release(shop, run)
    assert ended(shop, run.scenario).verdict.passed
    going_on.result(30)


def test_in_the_sandbox_a_run_that_needs_faults_begins_anew(shop: ConnectedShop) -> None:
    crash = Crash(BY_NAME["stripe-429"])
    run = ScenarioRun(crash.scenario.name)
    with pytest.raises(ServerStopping):
        run_scenario(crash.scenario, shop.pages, shop.controls, Listener(), run=run)
    release(shop, run)
    resume(shop.pages, shop.controls)
    assert ended(shop, run.scenario).verdict.passed
    assert known_runs(shop.pages)[run.scenario].run.id != run.id
    assert shop.stripe.v1.checkout.sessions.retrieve(run.session_id).status == "expired"


def test_of_two_people_who_run_a_scenario_at_once_or_have_it_go_on_one_does(
    shop: ConnectedShop,
) -> None:
    scenario = BY_NAME["first-renewal"]
    start([scenario], at_stripe(shop))
    run = known_runs(shop.pages)[scenario.name].run
    with pytest.raises(AlreadyRunning):
        start([scenario], at_stripe(shop))
    with pytest.raises(AlreadyRunning):
        run_scenario(scenario, shop.pages, None, Listener(), run=run)
    assert resume(at_stripe(shop))
    shop.pages.call(lambda: shop.services.scenario_runs.stop(scenario.name))
    assert ended(shop, scenario.name).was_stopped
    assert known_runs(shop.pages)[scenario.name].run.id == run.id


def test_a_process_that_was_silent_for_long_leaves_the_run_to_the_one_that_has_taken_it_over(
    shop: ConnectedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context_module, "STRIPE_POLL_SECONDS", 0.1)
    scenario, runs = BY_NAME["first-renewal"], shop.services.scenario_runs
    silent, errors = ScenarioRun(scenario.name), list[BaseException]()

    def work() -> None:
        try:
            run_scenario(scenario, shop.pages, None, Listener(), run=silent)
        except TakenOver as error:
            errors.append(error)

    thread = threading.Thread(target=copy_context().run, args=(work,))
    thread.start()
    wait_for(lambda: silent.step.startswith("Pay with"), "the step of a person")
    lapsed = update(tables.scenario_runs).values(alive_until=0)
    store = shop.services.store

    def resumed() -> bool:
        shop.pages.call(lambda: store.write(lambda connection: connection.execute(lapsed)))
        resume(at_stripe(shop))
        return known_runs(shop.pages)[scenario.name].run.attempt > silent.attempt

    wait_for(resumed, "the run to be taken over")
    thread.join(30)
    assert len(errors) == 1
    assert shop.stripe.v1.checkout.sessions.retrieve(silent.session_id).status == "open"
    shop.pages.call(lambda: runs.stop(scenario.name))
    assert ended(shop, scenario.name).was_stopped
    assert shop.stripe.v1.checkout.sessions.retrieve(silent.session_id).status == "expired"


def test_of_several_in_the_sandbox_one_runs_while_the_others_wait_until_all_are_stopped(
    shop: ConnectedShop,
) -> None:
    names = ["credits-paid", "pro-paid", "cancel-now"]
    chosen = [BY_NAME[name] for name in names]

    def ids() -> dict[str, str]:
        return {name: one.run.id for name, one in known_runs(shop.pages).items()}

    before = ids()
    with runner.one_at_a_time:  # as while another is under way
        start(chosen, shop.pages, shop.controls)
        assert list(waiting_runs(shop.pages, {})) == names
        with pytest.raises(AlreadyRunning):
            start(chosen[1:], shop.pages, shop.controls)
        stop_waiting(shop.pages)
        assert not waiting_runs(shop.pages, {})
    wait_for(lambda: "scenarios" not in {one.name for one in threading.enumerate()}, "the end")
    now = ids()
    assert [now.get(name) for name in names[1:]] == [before.get(name) for name in names[1:]]


def test_those_that_waited_run_after_a_restart_unless_they_are_stopped_before_it_goes_on(
    shop: ConnectedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["credits-paid", "pro-paid", "cancel-now"]

    def interrupt() -> None:
        run = ScenarioRun(names[0], waiting=dict.fromkeys(names[1:], Delivery.DOUBLED))
        with pytest.raises(ServerStopping):
            run_scenario(
                Crash(BY_NAME[names[0]]).scenario, shop.pages, shop.controls, Listener(), run=run
            )
        release(shop, run)
        monkeypatch.setattr(background, "_waiting", WeakKeyDictionary())  # of another process
        assert list(waiting_runs(shop.pages, known_runs(shop.pages))) == names[1:]

    interrupt()
    resume(shop.pages, shop.controls)
    assert all(ended(shop, name).verdict.passed for name in names)
    runs = {name: known_runs(shop.pages)[name].run for name in names}
    assert [run.delivery.value for run in runs.values()] == ["in order", "doubled", "doubled"]
    interrupt()
    stop_waiting(shop.pages)
    shop.pages.call(lambda: shop.services.scenario_runs.stop(names[0]))
    resume(shop.pages, shop.controls)
    assert ended(shop, names[0]).was_stopped
    assert not waiting_runs(shop.pages, known_runs(shop.pages))
    assert known_runs(shop.pages)[names[1]].run.id == runs[names[1]].id


@dataclass
class Left:
    """What is at Stripe that a run could have left."""

    sessions: set[str]
    subscriptions: set[str]
    clocks: set[str]


def at_work(shop: ConnectedShop) -> Left:
    v1 = shop.stripe.v1
    sessions = v1.checkout.sessions.list({"status": "open", "limit": 100})
    subscriptions = v1.subscriptions.list({"status": "all", "limit": 100})
    return Left(
        {one.id for one in sessions.data},
        {one.id for one in subscriptions.data if one.status in LIVE},
        {one.id for one in v1.test_helpers.test_clocks.list().data},
    )


class Stopper(Person):
    """Has the run stop while a step is under way."""

    def __init__(self, shop: ConnectedShop, scenario: Scenario, at: str) -> None:
        super().__init__(shop, scenario)
        self._name = scenario.name
        self._at = at

    def step_started(self, label: str) -> None:
        super().step_started(label)
        if label == self._at:
            runs = self._shop.services.scenario_runs
            self._shop.pages.call(lambda: runs.stop(self._name))


@pytest.mark.parametrize("name", ["credits-paid", "first-renewal", "api-canceled"])
def test_a_run_at_stripe_that_is_stopped_at_any_step_leaves_nothing_or_says_what(
    shop: ConnectedShop, name: str
) -> None:
    scenario, before = BY_NAME[name], at_work(shop)
    for at in dict.fromkeys(step.label for step in scenario.steps[:-1]):
        run = ScenarioRun(name)
        last = run_scenario(scenario, shop.pages, None, Stopper(shop, scenario, at), run=run)
        assert last.was_stopped, last
        assert at_work(shop) == before, at
        assert not run.customer or not shop.stripe.v1.customers.list({"email": run.email}).data
        is_paid = run.paid_at is not None and not run.test_clock
        assert [one.partition(":")[0][:11] for one in last.left] == ["The payment"] * is_paid
