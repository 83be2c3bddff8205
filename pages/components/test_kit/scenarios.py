"""The scenarios on the page: run one or all, watch the steps, read the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import streamlit as st

from billing.domain.durations import format_duration
from pages.components.markdown import plain
from pages.components.times import local
from pages.scenarios.catalog import GROUPS, SCENARIOS, Scenario
from pages.scenarios.runner import Run, StepDone, run
from pages.services import page_services

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from pages.scenarios.sandbox_client import Controls
    from pages.scenarios.verdict import Verdict

# What "Run all" runs: after the others the clock would be a month ahead.
TOGETHER = tuple(scenario for scenario in SCENARIOS if not scenario.moves_clock)


class PageReporter:
    """Tells of a run as it goes, in a status box."""

    def __init__(self, scenario: Scenario) -> None:
        self._title = scenario.title
        self._box = st.status(f"{plain(scenario.title)} …", expanded=True)

    def step_started(self, label: str) -> None:
        self._box.update(label=f"{plain(label)} …")

    def done(self, step: StepDone) -> None:
        self._box.markdown(step_line(step))

    def ended(self, verdict: Verdict) -> None:
        """The run is over: what came of it, with the steps folded away."""
        state: Literal["complete", "error"] = "complete" if verdict.right else "error"
        self._box.update(label=plain(verdict.title), state=state, expanded=False)


def scenario_list(controls: Controls) -> None:
    """All scenarios in their groups; those that were asked for run once all is drawn."""
    queue: tuple[str, ...] = st.session_state.pop("kit_queue", ())
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        st.markdown(
            "Each runs a complete payment in the sandbox, then checks that it was granted exactly "
            "once or not at all.",
            width="stretch",
        )
        st.button(
            f"Run all {len(TOGETHER)}",
            key="run_all",
            icon=":material/playlist_play:",
            type="primary",
            disabled=bool(queue),
            on_click=ask_for,
            args=tuple(scenario.name for scenario in TOGETHER),
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


def ask_for(*names: str) -> None:
    """These were asked for: they run in the next run of the page, with its buttons locked."""
    st.session_state["kit_queue"] = names
    st.session_state["kit_asked"] = names


def row(scenario: Scenario, *, running: bool) -> DeltaGenerator:
    """One scenario with its button, and what came of its last run; answers where it runs."""
    with st.container(gap="xxsmall"):
        st.button(
            f"Run: {plain(scenario.title)}",
            key=f"run_{scenario.name}",
            icon=":material/play_arrow:",
            disabled=running,
            on_click=ask_for,
            args=(scenario.name,),
        )
        st.caption(plain(scenario.about))
    slot = st.container()
    last: Run | None = results().get(scenario.name)
    if last and not running:
        with slot:
            told(last)
    return slot


def results() -> dict[str, Run]:
    """The last run of each scenario in this browser tab."""
    found: dict[str, Run] = st.session_state.setdefault("kit_results", {})
    return found


def run_all(
    queue: tuple[str, ...],
    controls: Controls,
    overall: DeltaGenerator,
    slots: dict[str, DeltaGenerator],
) -> None:
    """Run them one after the other, each in its place."""
    billing = page_services()
    chosen = [scenario for scenario in SCENARIOS if scenario.name in queue]
    bar = overall.progress(0.0) if len(chosen) > 1 else None
    for number, scenario in enumerate(chosen):
        if bar:
            text = f"{number + 1} of {len(chosen)}: {plain(scenario.title)}"
            bar.progress(number / len(chosen), text=text)
        with slots[scenario.name]:
            watched = PageReporter(scenario)
            last = run(scenario, billing, controls, watched)
        results()[scenario.name] = last
        watched.ended(last.verdict)


def summary() -> None:
    """One line on what was run together."""
    asked = st.session_state.get("kit_asked", ())
    runs = [results()[name] for name in asked if name in results()]
    if len(runs) < 2:
        return
    wrong = [one.scenario for one in runs if not one.verdict.right]
    titles = {scenario.name: scenario.title for scenario in SCENARIOS}
    if wrong:
        names = ", ".join(titles[name] for name in wrong)
        st.error(plain(names), title=f"{len(wrong)} of {len(runs)} failed")
    else:
        st.success(
            "Every payment was granted exactly once, and nothing else was granted.",
            title=f"All {len(runs)} passed",
            icon=":material/verified:",
        )


def told(last: Run) -> None:
    """The verdict, and the steps behind it one press away."""
    verdict = last.verdict
    with st.container(gap="xsmall"):
        st.badge(
            plain(verdict.title),
            icon=":material/verified:" if verdict.right else ":material/gpp_bad:",
            color="green" if verdict.right else "red",
        )
        st.markdown(f":small[{plain(verdict.reason)}]")
        if verdict.arrivals:
            st.caption(plain(verdict.arrivals))
        label = (
            f"{len(last.steps)} steps, {format_duration(sum(step.seconds for step in last.steps))}"
        )
        with st.expander(f"{label}, at {local(last.ended_at):%H:%M:%S}", type="compact"):
            for step in last.steps:
                st.markdown(step_line(step))
            if last.session_id:
                st.page_link(
                    "sessions.py",
                    label="Open session",
                    icon=":material/timeline:",
                    query_params={"session": last.session_id},
                )


def step_line(step: StepDone) -> str:
    """What was done, what came of it, how long it took; as Markdown."""
    icon = ":green[:material/check:]" if step.well else ":red[:material/close:]"
    took = f" · {plain(format_duration(step.seconds))}" if step.seconds >= 0.1 else ""
    return f"{icon} {plain(step.label)}  \n:small[:gray[{plain(step.result)}{took}]]"
