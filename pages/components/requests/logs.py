"""Which log of requests a page shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from billing.changes.topics import Topic
from pages.scenarios.sandbox_request_log import sandbox_request_log
from pages.services import page_services

if TYPE_CHECKING:
    from billing.request_log.reading import RequestLog

LOG = "log"  # its name in the address
DASHBOARD = "dashboard"
EVERYONE = "everyone"
LABELS = {EVERYONE: "Everyone", DASHBOARD: "This dashboard"}


def request_logs() -> dict[str, RequestLog]:
    """Those that there are, by their names in the address; the first is shown where it names
    none."""
    billing = page_services()
    own: dict[str, RequestLog] = {DASHBOARD: billing.services.request_log}
    sandbox = sandbox_request_log()
    return own if sandbox is None else {EVERYONE: sandbox, **own}


def chosen_log() -> str:
    """The name of the log that the address asks for."""
    names = list(request_logs())
    asked = st.query_params.get(LOG, "")
    return asked if asked in names else names[0]


def topic_of_log() -> Topic:
    """What says that the log which the address asks for has changed."""
    return Topic.SANDBOX_REQUESTS if chosen_log() == EVERYONE else Topic.REQUESTS


def current_log() -> RequestLog:
    """The log that the address asks for."""
    return request_logs()[chosen_log()]
