"""The filters of the Requests page."""

from __future__ import annotations

import streamlit as st

from billing.domain.logged_request import NO_ANSWER, RequestFilter
from billing.errors import BillingError
from billing.request_log.reading import ID_LENGTH
from pages.components.query_params import QueryFilters, QueryParam, at_most, one_of
from pages.components.requests.logs import LABELS, LOG, chosen_log, current_log, request_logs
from pages.components.text.markdown import code
from pages.services import page_services

STATUSES = {"": "Any status", NO_ANSWER: "No answer"} | {
    str(status): str(status) for status in (200, 400, 401, 402, 403, 404, 409, 429, 500, 502, 503)
}


def _status(value: str) -> str | None:
    text = value.strip().lower()
    is_status = text.isascii() and text.isdecimal() and len(text) == 3
    return text if is_status or text in ("", NO_ANSWER) else None


FILTERS = QueryFilters(
    "requests",
    (
        QueryParam("about", "path or ID", at_most(ID_LENGTH)),
        QueryParam("status", "status", _status),
        QueryParam("client", "client", at_most(ID_LENGTH)),
        QueryParam("errors", "choice", one_of((("true", "1"),))),
        QueryParam("cause", "cause", at_most(ID_LENGTH)),
        QueryParam(LOG, "log", one_of(LABELS.items())),
    ),
)


def request_filter() -> RequestFilter:
    """What the address asks for."""
    about = FILTERS.value("about")
    is_path = about.startswith("/")
    return RequestFilter(
        status=FILTERS.value("status"),
        path=about if is_path else "",
        client=FILTERS.value("client"),
        object_id="" if is_path else about,
        errors=bool(FILTERS.value("errors")),
        cause=FILTERS.value("cause"),
    )


def filter_widgets() -> None:
    """The log, where there are two, a path or an id, and the other filters."""
    active = bool(FILTERS.value("status")) + bool(FILTERS.value("client"))
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key="request_filters"
    ):
        names = list(request_logs())
        if len(names) > 1:
            st.segmented_control(
                "Log",
                names,
                format_func=LABELS.__getitem__,
                required=True,
                key=FILTERS.widget(LOG, chosen_log()),
                on_change=FILTERS.write,
                label_visibility="collapsed",
            )
        FILTERS.search(
            "about",
            "Path or ID",
            longest=ID_LENGTH,
            placeholder="ID of an object or a request, or a path",
            help=(
                "The whole ID of an object, a request (req_…) or an idempotency key; or the "
                "beginning of a path, like /v1/refunds."
            ),
            width="stretch",
        )
        with st.popover(f"Filters ({active})" if active else "Filters", key="more_request_filters"):
            FILTERS.choice("status", "Status", STATUSES, width=340)
            clients = {"": "Any client"} | {one: one for one in _clients()}
            FILTERS.choice("client", "Client", clients, width=340)
        st.toggle(
            "Only errors",
            key=FILTERS.widget("errors", bool(FILTERS.value("errors"))),
            on_change=FILTERS.write,
            help="Requests that failed, also those of which a later try succeeded",
        )


def _clients() -> list[str]:
    try:
        return page_services().call(current_log().clients)
    except BillingError:
        return []  # the table below says that the log cannot be read


def describe(wanted: RequestFilter) -> str:
    """The filter as Markdown: ``failed request about `cs_test_…` ``, after "No"."""
    parts = ["failed request" if wanted.errors or wanted.cause else "request"]
    if about := wanted.path or wanted.object_id:
        parts.append(f"about {code(about)}")
    if wanted.status:
        parts.append(
            "without an answer" if wanted.status == NO_ANSWER else f"with status {wanted.status}"
        )
    if wanted.client:
        parts.append(f"by {code(wanted.client)}")
    if wanted.cause:
        parts.append(f"for this cause: {code(wanted.cause)}")
    return " ".join(parts)
