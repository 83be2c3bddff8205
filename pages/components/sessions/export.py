"""The sessions that match as a CSV file."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import streamlit as st

from billing.sessions.service import EXPORT_LIMIT
from pages.components.times import zone
from pages.services import page_services

if TYPE_CHECKING:
    from billing.domain.sessions.filters import SessionFilter


def download_button(wanted: SessionFilter) -> None:
    """The button to export all that match; the file is written when it is pressed."""
    billing = page_services()

    def contents() -> bytes:
        return billing.call(lambda: billing.services.sessions.as_csv(wanted))

    st.download_button(
        "Export as CSV",
        contents,
        file_name=f"checkout-sessions-{datetime.now(zone()):%Y-%m-%d-%H%M}.csv",
        mime="text/csv",
        key="sessions_csv",
        icon=":material/download:",
        on_click="ignore",
        help=f"All matching sessions, at most the newest {EXPORT_LIMIT:,}.",
    )
