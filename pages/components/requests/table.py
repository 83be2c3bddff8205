"""The table of requests that match. It follows what is asked by itself."""

from __future__ import annotations

import streamlit as st

from billing.domain.logged_request import RequestFilter
from billing.errors import BillingError
from billing.settings.model import REQUEST_LOG_SIZE
from pages.components.errors import show_failure
from pages.components.live import live
from pages.components.opening_table import HOW_TO_OPEN, opening_table
from pages.components.paging import Paging, current_paging, pager
from pages.components.requests.columns import REQUESTS, column_order
from pages.components.requests.filters import FILTERS, describe, request_filter
from pages.components.requests.logs import (
    DASHBOARD,
    EVERYONE,
    chosen_log,
    current_log,
    topic_of_log,
)
from pages.components.tables import table_height
from pages.components.text.markdown import code
from pages.services import page_services

ROWS_IN_VIEW = 14
ONE_LINE = {
    DASHBOARD: "A request is one call with all its tries.",
    EVERYONE: "Each try of a call is a request of its own.",
}


def request_table() -> None:
    """The newest first, page by page."""
    live(topic_of_log())(newest_requests)()


def newest_requests() -> None:
    """Those that the address asks for."""
    billing = page_services()
    wanted, log = request_filter(), current_log()
    query = (chosen_log(), wanted)
    paging: Paging[tuple[str, RequestFilter], int, None] = current_paging("requests", query)
    try:
        page = billing.call(lambda: log.page(wanted, paging.cursor))
    except BillingError as failure:
        show_failure(failure, "The requests could not be loaded")
        return
    FILTERS.show_ignored()
    if wanted.cause:
        st.markdown(f"Cause: {code(wanted.cause)}")
    if FILTERS.is_active:
        FILTERS.clear_button()
    if not page.requests:
        empty_state(wanted)
        return
    opening_table(
        REQUESTS,
        page.requests,
        key="requests_table",
        first="request",
        opens="request",
        alt="Requests to Stripe's API, the newest first",
        order=column_order(page.requests),
        height=table_height(min(len(page.requests), ROWS_IN_VIEW)),
    )
    st.caption(
        f"{HOW_TO_OPEN} Keys, client secrets and numbers of cards and bank accounts are never "
        f"stored. {ONE_LINE[chosen_log()]}"
    )
    pager("requests", paging, page.older)


def empty_state(wanted: RequestFilter) -> None:
    """No request to show."""
    settings = page_services().services.settings
    if not settings.request_log_size:
        st.info(
            f"Set {REQUEST_LOG_SIZE} to how many requests to keep, then restart the app.",
            title="The log of requests is turned off",
            icon=":material/toggle_off:",
        )
    elif wanted != RequestFilter():
        st.info(f"There is no {describe(wanted)}.", icon=":material/filter_alt_off:")
    else:
        st.info(
            "Each call to Stripe's API appears here within a second.",
            title="No requests yet",
            icon=":material/inbox:",
        )
