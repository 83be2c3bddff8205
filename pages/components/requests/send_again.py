"""Sends a request of the sandbox's log once more."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from billing.domain.access import Permission
from billing.errors import BillingError
from pages.components.errors import show_failure
from pages.components.permission import guarded
from pages.components.requests.logs import current_log
from pages.scenarios.sandbox_request_log import SandboxRequestLog
from pages.services import page_services

if TYPE_CHECKING:
    from billing.domain.logged_request import LoggedRequest

HELP = (
    "The same method, path and parameters, with a new idempotency key. Then its own request opens."
)


def send_again(request: LoggedRequest) -> None:
    """The button; nothing for a request of this app's own log, which Stripe alone could repeat."""
    log = current_log()
    if not isinstance(log, SandboxRequestLog) or not request.path.startswith("/v"):
        return
    if not st.button(
        "Send again",
        key="send_again",
        icon=":material/replay:",
        **guarded(Permission.SEND_REQUESTS, HELP),
    ):
        return
    try:
        sent = page_services().call(partial(log.send_again, request))
    except BillingError as failure:
        show_failure(failure, "The request could not be sent again")
        return
    st.query_params["request"] = str(sent)
    st.rerun()
