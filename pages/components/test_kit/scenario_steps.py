"""The steps of a scenario: while it runs, and afterwards in a drawer with the verdict."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from billing.changes.topics import Topic
from billing.domain.access import Permission
from billing.domain.durations import format_duration
from billing.errors import BillingError
from pages.components.errors import show_failure
from pages.components.live import live
from pages.components.permission import guarded
from pages.components.rerun import rerun_page_if_requested
from pages.components.test_kit.persons_part import persons_part
from pages.components.text.markdown import plain
from pages.components.text.times import counting, exact_time, markdown
from pages.scenarios.catalog.scenarios import scenario_named
from pages.scenarios.runs.background import KnownRun, known_runs, start
from pages.scenarios.runs.run import ScenarioResult, StepResult, StepStatus
from pages.services import page_services

if TYPE_CHECKING:
    from collections.abc import Callable

    from pages.scenarios.catalog.scenario import Scenario

SEEN_EVERY = 15.0  # seconds, until a run that nobody works at any more is seen to be


class PageReporter:
    """Shows a run as it goes, in a status box."""

    def __init__(self, title: str) -> None:
        self._title = plain(title)
        self._box = st.status(f"{self._title} …", expanded=True)

    def step_started(self, label: str) -> None:
        self._box.update(label=f"{self._title}: {plain(label)} …")

    def step_ended(self, result: StepResult) -> None:
        self._box.markdown(step_line(result))


def scenario_drawer(run: Callable[[str], None] | None = None) -> None:
    """Open the scenario that the address names, if it names one; ``run`` has one run in the
    sandbox, by name. Without it, scenarios run at Stripe."""
    scenario = scenario_named(st.query_params.get("scenario", ""))
    if scenario is None:
        return

    def on_run() -> None:
        if run:
            close_drawer()
            run(scenario.name)

    drawer = st.dialog(scenario.title, width="medium", position="right", on_dismiss=close_drawer)
    if run:
        drawer(details)(scenario, on_run)
    else:
        drawer(details_at_stripe)(scenario.name)


def close_drawer() -> None:
    """The drawer was closed: the address names no scenario any more."""
    st.query_params.pop("scenario", None)


def details(scenario: Scenario, on_run: Callable[[], None]) -> None:
    """What it shows, its last verdict with the steps behind it, and the button to run it."""
    rerun_page_if_requested()
    st.markdown(plain(scenario.about))
    if scenario.moves_clock:
        st.caption("It advances the sandbox's clock; only a reset sets it back.")
    known = known_runs(page_services()).get(scenario.name)
    result = known.result if known else None
    with st.container(horizontal=True, vertical_alignment="center"):
        run_button(scenario, "Run again" if result else "Run", on_run)
        open_session_link(known)
    if result:
        last_run(result)
    else:
        steps(scenario)


@live(Topic.SCENARIOS, run_every=SEEN_EVERY)
def details_at_stripe(name: str) -> None:
    """The same at Stripe: a run is followed step by step, with what a person has to do in it; it
    can be stopped, and goes on after an interruption."""
    scenario = scenario_named(name)
    if scenario is None:
        return
    if failure := st.session_state.pop("scenario_failure", None):
        show_failure(failure, "The scenario was not run")
    st.markdown(plain(scenario.about))
    if scenario.only_in_sandbox:
        st.info(
            f"{scenario.only_in_sandbox} Start the dashboard with the local sandbox for it.",
            title="Only with the local sandbox",
            icon=":material/info:",
        )
        steps(scenario)
        return
    known = known_runs(page_services()).get(name)
    result = known.result if known else None
    with st.container(horizontal=True, vertical_alignment="center"):
        if known and known.is_running:
            stop_button(scenario)
        else:
            if known and known.was_interrupted:
                run_button(scenario, "Continue", partial(begin, name, known=known, goes_on=True))
                run_button(scenario, "Start over", partial(begin, name, known=known), primary=False)
            else:
                label = "Run again" if known else "Run"
                run_button(scenario, label, partial(begin, name))
        open_session_link(known)
    if result:
        last_run(result)
        return
    st.caption(needs(scenario))
    if known:
        so_far(scenario, known)
    else:
        steps(scenario)


def needs(scenario: Scenario) -> str:
    """Who or what it takes at Stripe, as a sentence or two."""
    who = "A person has a part in it." if scenario.needs_person else "It runs by itself."
    if scenario.needs_test_clock:
        who += " Its customer lives in the time of a test clock, which is deleted at the end."
    return who


def begin(name: str, *, known: KnownRun | None = None, goes_on: bool = False) -> None:
    """As a callback: have it run at Stripe. ``known`` is an interrupted run, which goes on, or is
    replaced."""
    scenario = scenario_named(name)
    if scenario is None or scenario.only_in_sandbox:
        return
    try:
        run = known.run if known else None
        if goes_on:
            start(scenario, page_services(), run)
        else:
            start(scenario, page_services(), replaces=run)
    except BillingError as failure:
        st.session_state["scenario_failure"] = failure


def stop(name: str) -> None:
    """As a callback: have the run stop."""
    billing = page_services()
    try:
        billing.call(lambda: billing.services.scenario_runs.stop(name))
    except BillingError as failure:
        st.session_state["scenario_failure"] = failure


def run_button(
    scenario: Scenario, label: str, on_run: Callable[[], None], *, primary: bool = True
) -> None:
    st.button(
        label,
        key=f"run_{scenario.name}" if primary else f"start_over_{scenario.name}",
        icon=":material/play_arrow:" if primary else ":material/refresh:",
        type="primary" if primary else "secondary",
        on_click=on_run,
        **guarded(Permission.RUN_SCENARIOS),
    )


def stop_button(scenario: Scenario) -> None:
    st.button(
        "Stop",
        key=f"stop_{scenario.name}",
        icon=":material/stop:",
        on_click=stop,
        args=(scenario.name,),
        **guarded(
            Permission.RUN_SCENARIOS,
            "It ends within seconds, and closes what it has made: an open session is expired, a "
            "subscription canceled, the test clock deleted.",
        ),
    )


def open_session_link(known: KnownRun | None) -> None:
    if known and known.run.session_id:
        st.page_link(
            "sessions.py",
            label="Open session",
            icon=":material/timeline:",
            query_params={"session": known.run.session_id},
        )


def so_far(scenario: Scenario, known: KnownRun) -> None:
    """The steps of a run under way: those that have passed, the one at hand with a person's part,
    and those to come."""
    run = known.run
    st.subheader("Steps", anchor=False)
    for passed in run.steps:
        st.markdown(step_line(passed))
    st.markdown(f":blue[:material/pending:] **{plain(run.step)}**")
    step = scenario.step(run.step)
    if known.was_interrupted:
        st.caption(
            "The server was stopped here. Continue takes the run up with this step, Start over "
            "closes what it has made and begins another."
        )
    elif step and step.by_person:
        persons_part(step, run)
    elif step and step.seconds:
        st.caption("Stripe takes a while for this: minutes, for some payments more.")
    labels = [one.label for one in scenario.steps]
    to_come = labels[len(run.steps) + 1 :]
    for label in to_come:
        st.markdown(f":gray[:material/radio_button_unchecked:] {plain(label)}")


def steps(scenario: Scenario) -> None:
    """The steps of one that has not run."""
    st.subheader("Steps", anchor=False)
    for step in scenario.steps:
        st.markdown(f":gray[:material/radio_button_unchecked:] {plain(step.label)}")


def last_run(result: ScenarioResult) -> None:
    """The verdict, and the steps behind it."""
    verdict = result.verdict
    st.badge(
        plain(verdict.title),
        icon=":material/verified:" if verdict.passed else ":material/gpp_bad:",
        color="green" if verdict.passed else "red",
    )
    st.markdown(" ".join(plain(text) for text in (verdict.reason, verdict.arrivals) if text))
    st.subheader("Steps", anchor=False)
    for step in result.steps:
        st.markdown(step_line(step))
    if result.left:
        st.subheader("Left at Stripe", anchor=False)
        for text in result.left:
            st.markdown(f"- {plain(text)}")
    took = format_duration(result.seconds)
    ended = f"{counting(result.ended_at)}: {exact_time(result.ended_at)}"
    markdown(f":small[:gray[Webhooks {result.delivery.value}; took {took}, ended {ended}]]")


def step_line(step: StepResult) -> str:
    """The step, its result and its duration as Markdown."""
    passed = step.status is StepStatus.PASSED
    icon = ":green[:material/check:]" if passed else ":red[:material/close:]"
    took = f" · {plain(format_duration(step.seconds))}" if step.seconds >= 0.1 else ""
    return f"{icon} {plain(step.label)}  \n:small[:gray[{plain(step.text)}{took}]]"
