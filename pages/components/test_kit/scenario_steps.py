"""The steps of a scenario: while it runs, and afterwards in a drawer with the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from billing.domain.access import Permission
from billing.domain.durations import format_duration
from pages.components.markdown import plain
from pages.components.permission import guarded
from pages.components.rerun import rerun_page_if_requested
from pages.components.times import ago, exact_time
from pages.scenarios.catalog.scenarios import SCENARIOS
from pages.scenarios.runner import ScenarioResult, StepResult, StepStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from pages.scenarios.catalog.scenario import Scenario
    from pages.scenarios.sandbox_client import Controls


class PageReporter:
    """Shows a run as it goes, in a status box."""

    def __init__(self, title: str) -> None:
        self._title = plain(title)
        self._box = st.status(f"{self._title} …", expanded=True)

    def step_started(self, label: str) -> None:
        self._box.update(label=f"{self._title}: {plain(label)} …")

    def step_ended(self, result: StepResult) -> None:
        self._box.markdown(step_line(result))


def scenario_drawer(controls: Controls, run: Callable[[str], None]) -> None:
    """Open the scenario that the address names, if it names one; ``run`` has one run, by name."""
    name = st.query_params.get("scenario", "")
    scenario = next((one for one in SCENARIOS if one.name == name), None)
    if scenario is None:
        return

    def on_run() -> None:
        close_drawer()
        run(name)

    drawer = st.dialog(scenario.title, width="medium", position="right", on_dismiss=close_drawer)
    drawer(details)(scenario, controls.results.get(name), on_run)


def close_drawer() -> None:
    """The drawer was closed: the address names no scenario any more."""
    st.query_params.pop("scenario", None)


def details(scenario: Scenario, result: ScenarioResult | None, on_run: Callable[[], None]) -> None:
    """What it shows, its last verdict with the steps behind it, and the button to run it."""
    rerun_page_if_requested()
    st.markdown(plain(scenario.about))
    if scenario.moves_clock:
        st.caption("It advances the sandbox's clock; only a reset sets it back.")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Run again" if result else "Run",
            key=f"run_{scenario.name}",
            icon=":material/play_arrow:",
            type="primary",
            on_click=on_run,
            **guarded(Permission.RUN_SCENARIOS),
        )
        if result and result.session_id:
            st.page_link(
                "sessions.py",
                label="Open session",
                icon=":material/timeline:",
                query_params={"session": result.session_id},
            )
    if result:
        last_run(result)
    else:
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
    took = format_duration(result.seconds)
    ended = f"{ago(result.ended_at)}: {exact_time(result.ended_at)}"
    st.caption(f"Webhooks {result.delivery.value}; took {took}, ended {ended}")


def step_line(step: StepResult) -> str:
    """The step, its result and its duration as Markdown."""
    passed = step.status is StepStatus.PASSED
    icon = ":green[:material/check:]" if passed else ":red[:material/close:]"
    took = f" · {plain(format_duration(step.seconds))}" if step.seconds >= 0.1 else ""
    return f"{icon} {plain(step.label)}  \n:small[:gray[{plain(step.text)}{took}]]"
