"""The button that exports all rows that match as a CSV file."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import streamlit as st

from billing.access.caller import acting_as
from billing.domain.access import Permission
from pages.components.permission import guarded
from pages.components.text.times import zone
from pages.services import page_services

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


def csv_button(
    name: str,
    write: Callable[[], Awaitable[bytes]],
    *,
    key: str,
    help_text: str,
    permission: Permission = Permission.EXPORT,
) -> None:
    """The file is written when the button is pressed; its name is ``name`` and the time."""
    billing = page_services()
    caller = billing.caller()

    def export() -> bytes:
        with acting_as(caller):  # Streamlit calls this in a thread of its own
            return billing.call(write)

    st.download_button(
        "Export as CSV",
        export,
        file_name=f"{name}-{datetime.now(zone()):%Y-%m-%d-%H%M}.csv",
        mime="text/csv",
        key=key,
        icon=":material/download:",
        on_click="ignore",
        **guarded(permission, help_text),
    )
