"""Faults on demand: a switch for each, in effect at once."""

from __future__ import annotations

from functools import partial

import streamlit as st

from billing.domain.access import Permission
from billing.errors import BillingError
from pages.components.errors import show_failure
from pages.components.permission import guarded
from pages.scenarios.faults import ApiFaults, Faults, WebhookFaults
from pages.scenarios.sandbox_client import Controls
from pages.services import page_services

WEBHOOK_DELAYS = (0, 3, 30, 120)
API_DELAYS = (0, 1, 5, 25)
NO_STATUS = 0
STATUSES = {NO_STATUS: "normal", 429: "429", 500: "500"}


def fault_switches(controls: Controls, current: Faults) -> None:
    """The switches, which show what is on at the sandbox, whoever switched it on."""
    fill_switches(current)
    if failure := st.session_state.pop("fault_failure", None):
        show_failure(failure, "The fault could not be set")
    on_change, may_set = partial(set_faults, controls), guarded(Permission.SET_FAULTS)
    webhooks, api = st.columns(2, gap="medium")
    with webhooks, st.container(border=True, height="stretch"):
        st.header("Webhooks", anchor=False)
        st.segmented_control(
            "Delay",
            sorted({*WEBHOOK_DELAYS, current.webhooks.delay_seconds}),
            format_func=lambda seconds: format_delay(seconds),
            key="fault_late",
            required=True,
            on_change=on_change,
            **may_set,
        )
        st.toggle("Send each twice", key="fault_twice", on_change=on_change, **may_set)
        st.toggle("Send in random order", key="fault_shuffle", on_change=on_change, **may_set)
        st.toggle(
            "Lose the first attempt",
            key="fault_drop",
            on_change=on_change,
            **guarded(
                Permission.SET_FAULTS,
                "It is retried after 5 seconds, then with increasing delays.",
            ),
        )
    with api, st.container(border=True, height="stretch"):
        st.header("Stripe's API", anchor=False)
        st.segmented_control(
            "Response",
            list(STATUSES),
            format_func=lambda status: STATUSES[status],
            key="fault_status",
            required=True,
            on_change=on_change,
            **may_set,
        )
        st.segmented_control(
            "Delay of each request",
            sorted({*API_DELAYS, current.api.delay_seconds}),
            format_func=lambda seconds: format_delay(seconds),
            key="fault_slow",
            required=True,
            on_change=on_change,
            **may_set,
        )
        st.caption("The Checkout page and the controls on this page are not affected.")


def fill_switches(current: Faults) -> None:
    """Have the switches show the current faults; before they are drawn."""
    st.session_state["fault_late"] = current.webhooks.delay_seconds
    st.session_state["fault_twice"] = current.webhooks.duplicates > 0
    st.session_state["fault_shuffle"] = current.webhooks.shuffle
    st.session_state["fault_drop"] = current.webhooks.drop
    st.session_state["fault_status"] = current.api.status or NO_STATUS
    st.session_state["fault_slow"] = current.api.delay_seconds


def set_faults(controls: Controls) -> None:
    """Set what all switches show."""
    page_services()  # in a callback, it is not known before who has the page open
    switches = st.session_state
    faults = Faults(
        WebhookFaults(
            delay_seconds=switches["fault_late"],
            duplicates=int(switches["fault_twice"]),
            shuffle=switches["fault_shuffle"],
            drop=switches["fault_drop"],
        ),
        ApiFaults(status=switches["fault_status"] or None, delay_seconds=switches["fault_slow"]),
    )
    try:
        controls.set_faults(faults)
    except BillingError as failure:
        switches["fault_failure"] = failure


def format_delay(seconds: float) -> str:
    return f"{seconds:g} s" if seconds else "none"
