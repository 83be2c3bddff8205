"""Times as the person at the page reads them: in the time zone of the browser."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st


def local(unix_seconds: float) -> datetime:
    """The moment in the browser's time zone (UTC where the browser does not tell)."""
    return datetime.fromtimestamp(unix_seconds, zone())


def zone() -> ZoneInfo:
    """The browser's time zone."""
    return ZoneInfo(st.context.timezone or "UTC")
