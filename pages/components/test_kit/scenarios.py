"""The scenarios on the page: one table with the last verdict of each, to run one or all."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from billing.domain.access import Permission
from billing.domain.durations import format_duration
from billing.errors import BillingError
from pages.components.errors import show_failure
from pages.components.ids import short_id
from pages.components.opening_table import HOW_TO_OPEN, CellButton, opening_table
from pages.components.permission import guarded
from pages.components.rerun import request_page, request_page_rerun, rerun_page_if_requested
from pages.components.tables import Table, chip_column, time_text_column
from pages.components.test_kit.scenario_steps import PageReporter
from pages.components.times import short_time
from pages.scenarios.catalog.scenarios import SCENARIOS
from pages.scenarios.delivery import Delivery
from pages.scenarios.runner import ScenarioResult, run_scenario
from pages.services import page_services, refusal

if TYPE_CHECKING:
    from pages.components.chips import Color
    from pages.scenarios.catalog.scenario import Scenario
    from pages.scenarios.sandbox_client import Controls

RUN_ALL = tuple(scenario.name for scenario in SCENARIOS if not scenario.moves_clock)
WITH_CLOCK = tuple(scenario.name for scenario in SCENARIOS if scenario.moves_clock)
PASSED, FAILED, RUNNING, WAITING = "Passed", "Failed", "Running", "Waiting"
VERDICT_COLORS: dict[str, Color] = {
    PASSED: "green",
    FAILED: "red",
    RUNNING: "blue",
    WAITING: "gray",
}


@dataclass(frozen=True)
class Row:
    """A scenario with its last result, and whether it runs or waits for that in this tab."""

    scenario: Scenario
    result: ScenarioResult | None
    progress: str = ""


def _cells(row: Row) -> dict[str, object]:
    result = None if row.progress else row.result
    verdict = result.verdict if result else None
    about = row.scenario.about
    if verdict:
        about = verdict.title if verdict.passed else f"{verdict.title}. {verdict.reason}"
    if result and result.delivery is not Delivery.IN_ORDER:
        about = f"{result.delivery.label}: {about}"
    state = [row.progress] if row.progress else None
    return {
        "title": row.scenario.title,
        "verdict": [PASSED if verdict.passed else FAILED] if verdict else state,
        "run": "Run",
        "session": short_id(result.session_id) if result else "",
        "took": format_duration(result.seconds) if result else "",
        "ended": short_time(result.ended_at) if result else None,
        "about": about,
        "id": row.scenario.name,
        "session_id": result.session_id if result else "",
    }


TABLE = Table(
    {
        "title": st.column_config.TextColumn("Scenario", width=196),
        "verdict": chip_column("Verdict", VERDICT_COLORS, width=90),
        "run": st.column_config.TextColumn("Run", width=52),
        "session": st.column_config.TextColumn("Session", width=92),
        "took": st.column_config.TextColumn("Took", width=70, alignment="right"),
        "ended": time_text_column("Ended"),
        "about": st.column_config.TextColumn("Result", width=560),
        "id": None,
        "session_id": None,
    },
    _cells,
)
ORDER = ("title", "verdict", "run", "session", "took", "ended", "about")
BEFORE_ANY = ("title", "run", "about")  # has run: what is empty takes no width from the rest


def scenario_list(controls: Controls) -> None:
    """All scenarios; those that are queued run first, while the table shows how far that is."""
    rerun_page_if_requested()
    queue: tuple[str, ...] = st.session_state.pop("scenario_queue", ())
    head(running=bool(queue))
    if queue:
        try:
            run_queue(queue, controls)
        except BillingError as refused:  # the role has changed since the page was drawn
            st.session_state["scenario_failure"] = refused
        st.rerun()
    if failure := st.session_state.pop("scenario_failure", None):
        show_failure(failure, "The scenario was not run")
    may_run = refusal(Permission.RUN_SCENARIOS) is None
    rows = [Row(scenario, controls.results.get(scenario.name)) for scenario in SCENARIOS]
    names = ORDER if any(row.result for row in rows) else BEFORE_ANY
    opening_table(
        TABLE,
        rows,
        key="scenarios",
        first="title",
        opens="scenario",
        alt="Scenarios with their last verdicts",
        order=names if may_run else [name for name in names if name != "run"],
        height="content",
        buttons={
            **({"run": CellButton("id", enqueue)} if may_run else {}),
            "session": CellButton(
                "session_id", lambda session_id: request_page("sessions.py", session=session_id)
            ),
        },
    )
    st.caption(f"{HOW_TO_OPEN} The last verdicts are those of everybody who uses this sandbox.")


def head(*, running: bool) -> None:
    """What scenarios are, how their webhooks are delivered, and the buttons that run them."""
    may_run = partial(guarded, Permission.RUN_SCENARIOS, disabled=running)
    st.markdown(
        "Each plays a sale in the sandbox, then compares the ledger with what the sandbox says."
    )
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"
    ):
        st.segmented_control(
            "Delivery of webhooks",
            list(Delivery),
            format_func=lambda one: one.label,
            key="delivery",
            default=Delivery.IN_ORDER,
            required=True,
            wrap=True,
            **may_run("  \n".join(f"**{one.label}**: {one.about}" for one in Delivery)),
        )
        with st.container(horizontal=True, gap="xsmall", width="content"):
            st.button(
                "Run all",
                key="run_all",
                icon=":material/playlist_play:",
                type="primary",
                on_click=enqueue,
                args=RUN_ALL,
                **may_run(f"{len(RUN_ALL)} scenarios, one after another, in about half a minute."),
            )
            st.button(
                f"Run {len(WITH_CLOCK)} that move the clock",
                key="run_with_clock",
                icon=":material/fast_forward:",
                on_click=enqueue,
                args=WITH_CLOCK,
                **may_run(
                    "The last in the list. They advance the sandbox's clock by months, and only "
                    "a reset sets it back. What else is due happens as well: with demo data they "
                    "take longer, as all its subscriptions renew."
                ),
            )


def enqueue(*names: str) -> None:
    """As a callback: have these run in the next run of the page."""
    st.session_state["scenario_queue"] = names
    request_page_rerun()


def run_queue(queue: tuple[str, ...], controls: Controls) -> None:
    """Run them one after the other. The table shows which is running, its steps stand above."""
    billing = page_services()
    delivery: Delivery = st.session_state["delivery"]
    steps, table = st.empty(), st.empty()
    for name in queue:
        (scenario,) = (one for one in SCENARIOS if one.name == name)
        with table.container():
            progress_table(queue, name, controls)
        with steps.container():
            reporter = PageReporter(scenario.title)
            result = run_scenario(scenario, billing, controls, reporter, delivery)
            controls.results[name] = result


def progress_table(queue: tuple[str, ...], running: str, controls: Controls) -> None:
    """The table while scenarios run, with nothing to press."""
    waiting = queue[queue.index(running) + 1 :]
    progress = {running: RUNNING, **dict.fromkeys(waiting, WAITING)}
    rows = [
        Row(scenario, controls.results.get(scenario.name), progress.get(scenario.name, ""))
        for scenario in SCENARIOS
    ]
    st.dataframe(
        TABLE.rows(rows),
        column_config=TABLE.columns,
        column_order=[name for name in ORDER if name != "run"],
        hide_index=True,
        height="content",
        placeholder="",
        alt="Scenarios that run",
    )
