"""The endpoints in a table, with what is under way and what waits above it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from billing.changes.topics import Topic
from billing.errors import BillingError
from pages.components.endpoints.columns import column_order, endpoints_table
from pages.components.endpoints.roll_steps import roll_steps
from pages.components.errors import show_failure
from pages.components.live import live
from pages.components.opening_table import HOW_TO_OPEN, opening_table
from pages.components.text.markdown import plain
from pages.components.text.times import short_time
from pages.services import page_services

if TYPE_CHECKING:
    from billing.domain.events.endpoint import EndpointList, PendingEvents

SANDBOX_PAUSE = 5.0
NOT_SAID = (
    "Stripe's API does not say which endpoint a delivery failed at, since when, or what it "
    "answered. Its [Dashboard](https://dashboard.stripe.com/test/workbench/webhooks) does."
)


def endpoints() -> None:
    """The table; with the embedded sandbox it follows by itself."""
    if page_services().services.settings.is_embedded:
        _followed()
    else:
        endpoint_list()


def endpoint_list() -> None:
    """Secrets that are being rolled, events that wait, and the table."""
    billing = page_services()
    try:
        found = billing.call(billing.services.endpoints.find)
    except BillingError as failure:
        show_failure(failure, "The endpoints could not be loaded")
        return
    for roll in found.rolls:
        roll_steps(roll)
    if found.pending:
        _pending(found.pending)
    if not found.endpoints:
        st.info(
            "No events are sent anywhere. This dashboard polls for them, so it misses none.",
            title="No endpoints",
            icon=":material/podcasts:",
        )
        return
    _table(found)


_followed = live(Topic.EVENTS, Topic.STATUS, pause=SANDBOX_PAUSE)(endpoint_list)


def _table(found: EndpointList) -> None:
    opening_table(
        endpoints_table(found),
        found.endpoints,
        key="endpoints_table",
        first="url",
        opens="endpoint",
        alt="Endpoints, those that lead to this dashboard first",
        order=column_order(found),
        height="content",
    )
    st.caption(HOW_TO_OPEN)
    if not page_services().services.settings.is_embedded:
        st.markdown(NOT_SAID)


def _pending(pending: PendingEvents) -> None:
    """What Stripe's ``pending_webhooks`` says of recent events."""
    one = pending.count == 1 and not pending.or_more
    number = f"{pending.count:,}{' or more' if pending.or_more else ''}"
    st.warning(
        f"{number} event{'' if one else 's'} of the last 30 days, the oldest of "
        f"{plain(short_time(pending.since))}, {'was' if one else 'were'} not delivered to every "
        "endpoint: Stripe tries again, or has given up.",
        icon=":material/schedule_send:",
    )
