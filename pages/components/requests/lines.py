"""Requests as lines on the pages of what they touched: each leads to its own drawer."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import streamlit as st

from billing.changes.topics import Topic
from billing.domain.durations import format_duration
from billing.errors import BillingError
from pages.components.errors import show_failure
from pages.components.live import live
from pages.components.requests.logs import DASHBOARD, request_logs
from pages.components.text.markdown import link, plain
from pages.components.text.times import short_time
from pages.services import page_services

if TYPE_CHECKING:
    from billing.domain.logged_request import LoggedRequest

SHOWN = 8


def request_link(request: LoggedRequest, log: str) -> str:
    """Method and path, leading to its drawer, as Markdown."""
    url = f"requests?log={log}&request={request.id}"
    return link(plain(f"{request.method} {request.path}"), url)


def request_line(request: LoggedRequest, after: float, log: str) -> str:
    """What, when, how long after a moment (Unix seconds), and what is unusual, as Markdown."""
    since = request.at - after
    later = f", +{format_duration(since)}" if since > 0 else ""
    sign = f" :orange-badge[{plain(request.outcome)}]" if request.is_unusual else ""
    return f"{request_link(request, log)} · {short_time(request.at)}{later}{sign}"


@live(Topic.REQUESTS)
def requests_touching(object_id: str) -> None:
    """The newest requests that touched the object: those that wrote, or that went otherwise than
    usual. Nothing where there are none."""
    billing = page_services()
    log = request_logs()[DASHBOARD]
    try:
        found = billing.call(lambda: log.touching([object_id]))
    except BillingError as failure:
        show_failure(failure, "The requests could not be loaded")
        return
    if not found:
        return
    telling = [one for one in found if one.method != "GET" or one.is_unusual]
    st.subheader("Requests", anchor=False)
    for one in telling[-SHOWN:]:
        st.markdown(request_line(one, found[0].at, DASHBOARD))
    others = len(found) - len(telling[-SHOWN:])
    if others:
        count = f"{others} more that read it" if len(telling) <= SHOWN else f"{others} more"
        st.markdown(link(count, f"requests?log={DASHBOARD}&about={quote(object_id)}"))
