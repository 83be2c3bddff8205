"""How requests look in a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.components.tables import Table, time_column
from pages.components.text.ids import short_id
from pages.components.text.times import local

if TYPE_CHECKING:
    from collections.abc import Sequence

    from billing.domain.logged_request import LoggedRequest

LONG_ID = 30  # characters, more than any word of a path has


def outcome_text(request: LoggedRequest) -> str:
    """Shape and words: ``✓ 200``, ``✕ 402 card_declined``, ``↻ 2 tries: 500, then 200``."""
    shape = "✕" if request.is_failed else "↻" if request.is_unusual else "✓"
    return f"{shape} {request.outcome}"


def short_path(path: str) -> str:
    """``/v1/checkout/sessions/cs_…h7tY``: a table has no width for long ids."""
    return "/".join(short_id(one) if len(one) > LONG_ID else one for one in path.split("/"))


def seconds_text(seconds: float) -> str:
    """``40 ms``, ``1.25 s``."""
    return f"{seconds * 1000:,.0f} ms" if seconds < 1 else f"{seconds:,.2f} s"


def _cells(request: LoggedRequest) -> dict[str, object]:
    return {
        "request": f"{request.method} {short_path(request.path)}",
        "outcome": outcome_text(request),
        "when": local(request.at),
        "took": seconds_text(request.seconds),
        "client": request.client,
        "key": request.idempotency_key or "",
        "request_id": request.request_id or "",
        "id": str(request.id),
    }


REQUESTS = Table(
    {
        "request": st.column_config.TextColumn("Request"),
        "outcome": st.column_config.TextColumn("Outcome"),
        "when": time_column("When"),
        "took": st.column_config.TextColumn("Took", alignment="right"),
        "client": st.column_config.TextColumn("Client"),
        "request_id": st.column_config.TextColumn("Request ID", width=160),
        "key": st.column_config.TextColumn("Idempotency key", width=130),
        "id": None,
    },
    _cells,
    least_widths={"request": 240, "outcome": 80, "took": 60, "client": 90},
)


def column_order(requests: Sequence[LoggedRequest]) -> tuple[str, ...]:
    """Without the client where all have the same."""
    one_client = len({one.client for one in requests}) < 2
    return tuple(
        name for name in REQUESTS.columns if name != "id" and not (one_client and name == "client")
    )
