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
from pages.components.requests.columns import short_path
from pages.components.requests.logs import DASHBOARD, EVERYONE, request_logs
from pages.components.requests.others import requests_of_others
from pages.components.text.markdown import link, plain
from pages.components.text.times import short_time
from pages.services import page_services

if TYPE_CHECKING:
    from billing.domain.logged_request import LoggedRequest

SHOWN = 8


def request_link(request: LoggedRequest, log: str = "") -> str:
    """Method and path, leading to its drawer, as Markdown. Unless the ``log`` is named that has it,
    this app's requests are in its own, and those of others in the sandbox's."""
    log = log or (DASHBOARD if request.is_ours else EVERYONE)
    url = f"requests?log={log}&request={request.id}"
    return link(plain(f"{request.method} {short_path(request.path)}"), url)


def request_line(request: LoggedRequest, after: float, log: str = "") -> str:
    """What, by whom if not by this app, when, how long after a moment (Unix seconds), and what is
    unusual, as Markdown."""
    since = request.at - after
    later = f", +{format_duration(since)}" if since > 0 else ""
    sign = f" :orange-badge[{plain(request.outcome)}]" if request.is_unusual else ""
    by = "" if request.is_ours else f" by {plain(request.caller)}"
    return f"{request_link(request, log)}{by} · {short_time(request.at)}{later}{sign}"


@live(Topic.REQUESTS, Topic.SANDBOX_REQUESTS)
def requests_touching(object_id: str) -> None:
    """The newest requests that touched the object, with the sandbox those of others as well: what
    wrote, or went otherwise than usual. Nothing where there are none."""
    billing = page_services()
    logs = request_logs()
    try:
        own = billing.call(lambda: logs[DASHBOARD].touching([object_id]))
    except BillingError as failure:
        show_failure(failure, "The requests could not be loaded")
        return
    found = sorted([*own, *requests_of_others([object_id], own)], key=lambda one: one.at)
    if not found:
        return
    telling = [one for one in found if one.method != "GET" or one.is_unusual]
    st.subheader("Requests", anchor=False)
    for one in telling[-SHOWN:]:
        st.markdown(request_line(one, found[0].at))
    others = len(found) - len(telling[-SHOWN:])
    if others:
        more = " more" if telling else ""
        count = f"{others}{more} that read it" if len(telling) <= SHOWN else f"{others} more"
        st.markdown(link(count, f"requests?log={next(iter(logs))}&about={quote(object_id)}"))
