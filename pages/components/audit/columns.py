"""How entries of the audit log look in a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from billing.domain.access import AuditResult
from pages.components.audit.wording import (
    RESULTS,
    action_text,
    result_text,
    shape,
    signed_in_text,
)
from pages.components.tables import Table, chip_column, exact_time_column, time_column
from pages.components.text.ids import short_id
from pages.components.text.times import local

if TYPE_CHECKING:
    from billing.domain.access import AuditEntry
    from pages.components.text.chips import Color

_RESULTS = {label: result for result, label in RESULTS.items()}
COLORS: dict[AuditResult, Color] = {
    AuditResult.DONE: "green",
    AuditResult.REFUSED: "red",
    AuditResult.FAILED: "orange",
}


def _cells(entry: AuditEntry) -> dict[str, object]:
    return {
        "action": f"{shape(entry.result)} {action_text(entry.action)}",
        "result": [RESULTS[AuditResult(entry.result)]],
        "who": entry.identity,
        "when": local(entry.at),
        "object": short_id(entry.object_id),
        "detail": entry.detail,
        "address": entry.address,
        "time": local(entry.at),
        "role": entry.role.capitalize(),
        "signed_in": signed_in_text(entry.kind),
        "id": str(entry.id),
        "object_id": entry.object_id,
    }


ENTRIES = Table(
    {
        "action": st.column_config.TextColumn("Action"),
        "result": chip_column(
            "Result",
            {RESULTS[result]: color for result, color in COLORS.items()},
            width=100,
            format_func=lambda label: result_text(_RESULTS[label]),
        ),
        "who": st.column_config.TextColumn("Who"),
        "when": time_column("When"),
        "object": st.column_config.TextColumn("Object", width=100),
        "detail": st.column_config.TextColumn("Detail", width=270),
        "address": st.column_config.TextColumn("From", width=110),
        "time": exact_time_column("Time"),
        "role": st.column_config.TextColumn("Role", width=70),
        "signed_in": st.column_config.TextColumn("Signed in", width=130),
        "id": None,
        "object_id": None,
    },
    _cells,
    least_widths={"action": 180, "who": 150},
)
SHOWN = [name for name in ENTRIES.columns if name not in ("id", "object_id")]
