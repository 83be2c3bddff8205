"""Every Checkout Session: find, count, and look at one."""

from __future__ import annotations

from billing.domain.sessions.filters import SessionFilter
from pages.components.sessions.drawer import session_drawer
from pages.components.sessions.filters import session_filter
from pages.components.sessions.metrics import session_metrics
from pages.components.sessions.table import has_sessions, session_table

wanted = SessionFilter()
if has_sessions():
    wanted = session_filter()
    session_metrics(wanted)
session_table(wanted)
session_drawer()
