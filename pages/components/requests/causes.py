"""Why requests failed: how often, and since when. It follows what happens by itself."""

from __future__ import annotations

import streamlit as st

from billing.domain.logged_request import ErrorCause
from billing.errors import BillingError
from pages.components.live import live
from pages.components.opening_table import opening_table
from pages.components.requests.filters import FILTERS
from pages.components.requests.logs import current_log, topic_of_log
from pages.components.tables import Table, table_height, time_column
from pages.components.text.times import local
from pages.services import page_services

ROWS_IN_VIEW = 6


def _cells(cause: ErrorCause) -> dict[str, object]:
    return {
        "cause": cause.cause,
        "count": cause.count,
        "since": local(cause.first_at),
        "last": local(cause.last_at),
        "id": cause.cause,
    }


CAUSES = Table(
    {
        "cause": st.column_config.TextColumn("Cause"),
        "count": st.column_config.NumberColumn("Count", format="localized", width=70),
        "since": time_column("Since"),
        "last": time_column("Last"),
        "id": None,
    },
    _cells,
    least_widths={"cause": 300},
)


def error_causes() -> None:
    """The causes, of which a press shows the requests; nothing while there are none."""
    live(topic_of_log())(causes_of_log)()


def causes_of_log() -> None:
    """Those of the log that the address asks for."""
    try:
        causes = page_services().call(current_log().causes)
    except BillingError:
        return  # the table below says that the log cannot be read
    if not causes:
        return
    failed = sum(one.count for one in causes)
    times = f"{failed:,} request{'' if failed == 1 else 's'}"
    causes_text = f"{len(causes)} cause{'' if len(causes) == 1 else 's'}"
    with st.expander(
        f"Errors by cause: {times}, {causes_text}",
        expanded=bool(FILTERS.value("errors")),
        icon=":material/error:",
        key="error_causes",
    ):
        opening_table(
            CAUSES,
            causes,
            key="causes_table",
            first="cause",
            opens="cause",
            alt="Why requests failed, the newest cause first",
            order=("count", "since", "last"),
            height=table_height(min(len(causes), ROWS_IN_VIEW)),
        )
