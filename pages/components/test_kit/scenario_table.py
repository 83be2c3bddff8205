"""The table of scenarios: the last run of each, and a button to run it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from billing.domain.durations import format_duration
from pages.components.opening_table import CellButton, opening_table
from pages.components.rerun import request_page
from pages.components.tables import Table, chip_column, time_column
from pages.components.text.ids import short_id
from pages.components.text.times import local
from pages.scenarios.delivery import Delivery

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pages.components.text.chips import Color
    from pages.scenarios.catalog.scenario import Scenario
    from pages.scenarios.runs.background import KnownRun

PASSED, FAILED, STOPPED = "Passed", "Failed", "Stopped"
RUNNING, WAITING, YOUR_TURN, INTERRUPTED = "Running", "Waiting", "Your turn", "Interrupted"
SANDBOX_ONLY = "Sandbox only"
STATE_COLORS: dict[str, Color] = {
    PASSED: "green",
    FAILED: "red",
    STOPPED: "gray",
    RUNNING: "blue",
    WAITING: "gray",
    YOUR_TURN: "orange",
    INTERRUPTED: "orange",
    SANDBOX_ONLY: "gray",
}


@dataclass(frozen=True)
class Row:
    """A scenario with its last run. ``is_waiting``: it runs when others have ended.
    ``at_stripe``: the other end is no sandbox that can be controlled."""

    scenario: Scenario
    known: KnownRun | None
    is_waiting: bool = False
    at_stripe: bool = False

    @property
    def state(self) -> str:
        """As its chip says; empty where it has not run."""
        if self.is_waiting:
            return WAITING
        if self.at_stripe and self.scenario.only_in_sandbox:
            return SANDBOX_ONLY
        if self.known is None:
            return ""
        if (result := self.known.result) is None:
            if self.known.was_interrupted:
                return INTERRUPTED
            step = self.scenario.step(self.known.run.step)
            return YOUR_TURN if self.at_stripe and step and step.by_person else RUNNING
        if result.was_stopped:
            return STOPPED
        return PASSED if result.verdict.passed else FAILED

    @property
    def about(self) -> str:
        """The last verdict, or what the scenario is about."""
        known = None if self.is_waiting else self.known
        if self.at_stripe and self.scenario.only_in_sandbox:
            return self.scenario.only_in_sandbox
        if known is None:
            return self.scenario.about
        if (result := known.result) is None:
            return known.run.step
        verdict = result.verdict
        about = verdict.title if verdict.passed else f"{verdict.title}. {verdict.reason}"
        if result.delivery is not Delivery.IN_ORDER:
            return f"{result.delivery.label}: {about}"
        return about


def _cells(row: Row) -> dict[str, object]:
    known = None if row.is_waiting else row.known
    result = known.result if known else None
    session_id = known.run.session_id if known else ""
    can_run = row.state not in (SANDBOX_ONLY, WAITING, RUNNING, YOUR_TURN, INTERRUPTED)
    return {
        "title": row.scenario.title,
        "verdict": [row.state] if row.state else None,
        "run": "Run" if can_run else "",
        "session": short_id(session_id) if session_id else "",
        "took": format_duration(result.seconds) if result else "",
        "ended": local(result.ended_at) if result else None,
        "about": row.about,
        "id": row.scenario.name,
        "runs": row.scenario.name if can_run else "",
        "session_id": session_id,
    }


TABLE = Table(
    {
        "title": st.column_config.TextColumn("Scenario", width=196),
        "verdict": chip_column("Verdict", STATE_COLORS, width=120),
        "run": st.column_config.TextColumn("Run", width=52),
        "session": st.column_config.TextColumn("Session", width=92),
        "took": st.column_config.TextColumn("Took", width=70, alignment="right"),
        "ended": time_column("Ended"),
        "about": st.column_config.TextColumn("Result", width=560),
        "id": None,
        "runs": None,
        "session_id": None,
    },
    _cells,
)
ORDER = ("title", "verdict", "run", "session", "took", "ended", "about")
BEFORE_ANY = ("title", "run", "about")  # has run: what is empty takes no width from the rest


def scenario_table(rows: Sequence[Row], on_run: Callable[[str], None], *, may_run: bool) -> None:
    """All scenarios; a press opens one, runs it, or opens its session."""
    names = ORDER if any(row.state for row in rows) else BEFORE_ANY
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
            **({"run": CellButton("runs", on_run)} if may_run else {}),
            "session": CellButton(
                "session_id", lambda session_id: request_page("sessions.py", session=session_id)
            ),
        },
    )
