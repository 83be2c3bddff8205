"""The drawer of a scenario: its steps, while it runs and afterwards, and the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from billing.changes.topics import Topic
from billing.domain.access import Permission
from billing.domain.durations import format_duration
from billing.errors import BillingError
from pages.components.errors import show_failure
from pages.components.live import live
from pages.components.permission import guarded
from pages.components.test_kit.persons_part import persons_part
from pages.components.text.markdown import plain
from pages.components.text.times import counting, exact_time, markdown
from pages.scenarios.catalog.scenarios import scenario_named
from pages.scenarios.delivery import Delivery
from pages.scenarios.runs.background import (
    KnownRun,
    known_runs,
    resume,
    start,
    waiting_runs,
)
from pages.scenarios.runs.run import ScenarioResult, StepResult, StepStatus
from pages.scenarios.sandbox_client import sandbox_controls
from pages.services import page_services, refusal

if TYPE_CHECKING:
    from pages.scenarios.catalog.scenario import Scenario

SEEN_EVERY = 15.0  # seconds, until a run that nobody works at any more is seen to be


def scenario_drawer() -> None:
    """Open the scenario that the address names, if it names one."""
    scenario = scenario_named(st.query_params.get("scenario", ""))
    if scenario is None:
        return
    drawer = st.dialog(scenario.title, width="medium", position="right", on_dismiss=close_drawer)
    drawer(details)(scenario.name)


def close_drawer() -> None:
    """The drawer was closed: the address names no scenario any more."""
    st.query_params.pop("scenario", None)


@live(Topic.SCENARIOS, run_every=SEEN_EVERY)
def details(name: str) -> None:
    """What it shows, its last verdict with the steps behind it, and the button to run it. A run is
    followed step by step, with what a person has to do in it at Stripe, and can be stopped."""
    scenario, controls = scenario_named(name), sandbox_controls()
    if scenario is None:
        return
    if failure := st.session_state.pop("scenario_failure", None):
        show_failure(failure, "The scenario was not run")
    st.markdown(plain(scenario.about))
    if scenario.only_in_sandbox and not controls:
        st.info(
            f"{scenario.only_in_sandbox} Start the dashboard with the local sandbox for it.",
            title="Only with the local sandbox",
            icon=":material/info:",
        )
        steps(scenario)
        return
    every = runs_that_go_on()
    known = every.get(name)
    result = known.result if known else None
    with st.container(horizontal=True, vertical_alignment="center"):
        if name in waiting_runs(page_services(), every):
            st.caption("It waits for another scenario to end.")
        elif known and not result:
            stop_button(scenario)
        else:
            run_button(scenario, "Run again" if known else "Run")
        open_sale_link(known)
    if result:
        last_run(result)
        return
    st.caption(needs(scenario, at_stripe=controls is None))
    if known:
        so_far(scenario, known)
    else:
        steps(scenario)


def runs_that_go_on() -> dict[str, KnownRun]:
    """The last run of each scenario. One that was interrupted goes on where whoever has the page
    open may have it run."""
    billing = page_services()
    known = known_runs(billing)
    is_any = any(one.was_interrupted for one in known.values())
    if is_any and refusal(Permission.RUN_SCENARIOS) is None:
        resume(billing, sandbox_controls())
    return known


def needs(scenario: Scenario, *, at_stripe: bool) -> str:
    """Who or what it takes, as a sentence or two."""
    is_persons = at_stripe and scenario.needs_person
    who = "A person has a part in it." if is_persons else "It runs without a person."
    if scenario.needs_test_clock:
        who += " Its customer lives in the time of a test clock."
    if scenario.moves_clock and not at_stripe:
        who += " It advances the sandbox's clock; only a reset sets it back."
    return who


def begin(*names: str) -> None:
    """As a callback: have these run, one after another."""
    billing, controls = page_services(), sandbox_controls()
    chosen = [one for one in map(scenario_named, names) if one]
    if controls is None:
        chosen = [one for one in chosen if not one.only_in_sandbox]
    delivery = st.session_state.get("delivery", Delivery.IN_ORDER)
    try:
        start(chosen, billing, controls, delivery)
    except BillingError as failure:
        st.session_state["scenario_failure"] = failure


def stop(name: str) -> None:
    """As a callback: have the run stop."""
    billing = page_services()
    try:
        billing.call(lambda: billing.services.scenario_runs.stop(name))
    except BillingError as failure:
        st.session_state["scenario_failure"] = failure


def run_button(scenario: Scenario, label: str) -> None:
    st.button(
        label,
        key=f"run_{scenario.name}",
        icon=":material/play_arrow:",
        type="primary",
        on_click=begin,
        args=(scenario.name,),
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


def open_sale_link(known: KnownRun | None) -> None:
    if known and known.run.session_id:
        st.page_link(
            "sessions.py",
            label="Open session",
            icon=":material/timeline:",
            query_params={"session": known.run.session_id},
        )
    elif known and known.run.subscription:
        st.page_link(
            "customers.py",
            label="Open customer",
            icon=":material/person:",
            query_params={"customer": known.run.customer},
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
        st.caption("The server was stopped here. The run goes on with this step within a minute.")
    elif step and step.by_person and sandbox_controls() is None:
        persons_part(step, run)
    elif step and step.seconds and sandbox_controls() is None:
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
