"""The scenarios on the page: run one or all, watch the steps, read the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import streamlit as st

from billing.domain.durations import format_duration
from pages.components.markdown import plain
from pages.components.times import local
from pages.scenarios.catalog import GROUPS, SCENARIOS, Scenario
from pages.scenarios.runner import ScenarioResult, StepResult, StepStatus, run_scenario
from pages.services import page_services

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from pages.scenarios.sandbox_client import Controls
    from pages.scenarios.verdict import Verdict

# What "Run all" runs: after the others the clock would be a month ahead.
RUN_ALL = tuple(scenario for scenario in SCENARIOS if not scenario.moves_clock)


class PageReporter:
    """Shows a run as it goes, in a status box."""

    def __init__(self, scenario: Scenario) -> None:
        self._title = scenario.title
        self._box = st.status(f"{plain(scenario.title)} …", expanded=True)

    def step_started(self, label: str) -> None:
        self._box.update(label=f"{plain(label)} …")

    def step_ended(self, result: StepResult) -> None:
        self._box.markdown(step_line(result))

    def run_ended(self, verdict: Verdict) -> None:
        """Show the verdict, with the steps folded away."""
        state: Literal["complete", "error"] = "complete" if verdict.passed else "error"
        self._box.update(label=plain(verdict.title), state=state, expanded=False)


def scenario_list(controls: Controls) -> None:
    """All scenarios in their groups; those that are queued run once all is drawn."""
    queue: tuple[str, ...] = st.session_state.pop("scenario_queue", ())
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        st.markdown(
            "Each runs a complete payment in the sandbox, then checks that it was granted exactly "
            "once or not at all.",
            width="stretch",
        )
        st.button(
            f"Run all {len(RUN_ALL)}",
            key="run_all",
            icon=":material/playlist_play:",
            type="primary",
            disabled=bool(queue),
            on_click=enqueue,
            args=tuple(scenario.name for scenario in RUN_ALL),
            help="One after another, in about half a minute. The renewal is left out: it advances "
            "the sandbox's clock.",
        )
    overall = st.container()
    slots: dict[str, DeltaGenerator] = {}
    left, right = st.columns(2, gap="medium")
    for side, group in zip((left, left, right, right), GROUPS, strict=True):
        with side, st.container(border=True):
            st.header(group, anchor=False)
            for scenario in SCENARIOS:
                if scenario.group == group:
                    slots[scenario.name] = row(scenario, running=bool(queue))
    if queue:
        run_all(queue, controls, overall, slots)
        st.rerun()
    with overall:
        summary()


def enqueue(*names: str) -> None:
    """Have these run in the next run of the page, with its buttons disabled."""
    st.session_state["scenario_queue"] = names
    st.session_state["scenario_names"] = names


def row(scenario: Scenario, *, running: bool) -> DeltaGenerator:
    """One scenario with its button and the result of its last run; the container for the next."""
    with st.container(gap="xxsmall"):
        st.button(
            f"Run: {plain(scenario.title)}",
            key=f"run_{scenario.name}",
            icon=":material/play_arrow:",
            disabled=running,
            on_click=enqueue,
            args=(scenario.name,),
        )
        st.caption(plain(scenario.about))
    slot = st.container()
    result = results().get(scenario.name)
    if result and not running:
        with slot:
            show_result(result)
    return slot


def results() -> dict[str, ScenarioResult]:
    """The last result of each scenario in this browser tab, by its name."""
    found: dict[str, ScenarioResult] = st.session_state.setdefault("scenario_results", {})
    return found


def run_all(
    queue: tuple[str, ...],
    controls: Controls,
    overall: DeltaGenerator,
    slots: dict[str, DeltaGenerator],
) -> None:
    """Run them one after the other, each in its slot."""
    billing = page_services()
    queued = [scenario for scenario in SCENARIOS if scenario.name in queue]
    bar = overall.progress(0.0) if len(queued) > 1 else None
    for number, scenario in enumerate(queued):
        if bar:
            text = f"{number + 1} of {len(queued)}: {plain(scenario.title)}"
            bar.progress(number / len(queued), text=text)
        with slots[scenario.name]:
            reporter = PageReporter(scenario)
            result = run_scenario(scenario, billing, controls, reporter)
        results()[scenario.name] = result
        reporter.run_ended(result.verdict)


def summary() -> None:
    """One line about the scenarios that were run together."""
    names = st.session_state.get("scenario_names", ())
    runs = [results()[name] for name in names if name in results()]
    if len(runs) < 2:
        return
    failed = [one.scenario for one in runs if not one.verdict.passed]
    titles = {scenario.name: scenario.title for scenario in SCENARIOS}
    if failed:
        failed_titles = ", ".join(titles[name] for name in failed)
        st.error(plain(failed_titles), title=f"{len(failed)} of {len(runs)} failed")
    else:
        st.success(
            "Every payment was granted exactly once, and nothing else was granted.",
            title=f"All {len(runs)} passed",
            icon=":material/verified:",
        )


def show_result(result: ScenarioResult) -> None:
    """The verdict, and the steps behind it one press away."""
    verdict = result.verdict
    with st.container(gap="xsmall"):
        st.badge(
            plain(verdict.title),
            icon=":material/verified:" if verdict.passed else ":material/gpp_bad:",
            color="green" if verdict.passed else "red",
        )
        st.markdown(f":small[{plain(verdict.reason)}]")
        if verdict.arrivals:
            st.caption(plain(verdict.arrivals))
        seconds = sum(step.seconds for step in result.steps)
        label = f"{len(result.steps)} steps, {format_duration(seconds)}"
        with st.expander(f"{label}, at {local(result.ended_at):%H:%M:%S}", type="compact"):
            for step in result.steps:
                st.markdown(step_line(step))
            if result.session_id:
                st.page_link(
                    "sessions.py",
                    label="Open session",
                    icon=":material/timeline:",
                    query_params={"session": result.session_id},
                )


def step_line(step: StepResult) -> str:
    """The step, its result and its duration as Markdown."""
    passed = step.status is StepStatus.PASSED
    icon = ":green[:material/check:]" if passed else ":red[:material/close:]"
    took = f" · {plain(format_duration(step.seconds))}" if step.seconds >= 0.1 else ""
    return f"{icon} {plain(step.label)}  \n:small[:gray[{plain(step.text)}{took}]]"
