"""The sessions that match as a CSV file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.sessions.service import EXPORT_LIMIT
from pages.components.csv_button import csv_button
from pages.services import page_services

if TYPE_CHECKING:
    from billing.domain.sessions.filters import SessionFilter


def download_button(wanted: SessionFilter) -> None:
    """The button to export all that match."""
    sessions = page_services().services.sessions
    csv_button(
        "checkout-sessions",
        lambda: sessions.as_csv(wanted),
        key="sessions_csv",
        help_text=f"All matching sessions, at most the newest {EXPORT_LIMIT:,}.",
    )
