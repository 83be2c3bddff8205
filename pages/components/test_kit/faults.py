"""Faults on demand: a switch for each, in force as soon as it is moved."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.components.errors import show_failure
from pages.scenarios.faults import ApiFaults, Faults, WebhookFaults
from pages.scenarios.sandbox_client import ControlFailure, Controls

LATE = (0, 3, 30, 120)
SLOW = (0, 1, 5, 25)
AS_USUAL = 0
STATUSES = {AS_USUAL: "normal", 429: "429", 500: "500"}


def fault_switches(controls: Controls, current: Faults) -> None:
    """The switches as they stand at the sandbox, whoever moved them last."""
    show_current(current)
    if failure := st.session_state.pop("kit_fault_failure", None):
        show_failure(failure, "The fault could not be set")
    moved = partial(switch, controls)
    webhooks, api = st.columns(2, gap="medium")
    with webhooks, st.container(border=True, height="stretch"):
        st.header("Webhooks", anchor=False)
        st.segmented_control(
            "Delay",
            sorted({*LATE, current.webhooks.delay_seconds}),
            format_func=lambda seconds: written_or(seconds, "none"),
            key="fault_late",
            required=True,
            on_change=moved,
        )
        st.toggle("Send each twice", key="fault_twice", on_change=moved)
        st.toggle("Send in random order", key="fault_shuffle", on_change=moved)
        st.toggle(
            "Lose the first attempt",
            key="fault_drop",
            help="It is retried after 5 seconds, then with increasing delays.",
            on_change=moved,
        )
    with api, st.container(border=True, height="stretch"):
        st.header("Stripe's API", anchor=False)
        st.segmented_control(
            "Response",
            list(STATUSES),
            format_func=lambda status: STATUSES[status],
            key="fault_status",
            required=True,
            on_change=moved,
        )
        st.segmented_control(
            "Delay of each request",
            sorted({*SLOW, current.api.delay_seconds}),
            format_func=lambda seconds: written_or(seconds, "none"),
            key="fault_slow",
            required=True,
            on_change=moved,
        )
        st.caption("The Checkout page and the controls on this page are not affected.")


def show_current(current: Faults) -> None:
    """Let the switches stand as the sandbox says, before they are drawn."""
    st.session_state["fault_late"] = current.webhooks.delay_seconds
    st.session_state["fault_twice"] = current.webhooks.duplicates > 0
    st.session_state["fault_shuffle"] = current.webhooks.shuffle
    st.session_state["fault_drop"] = current.webhooks.drop
    st.session_state["fault_status"] = current.api.status or AS_USUAL
    st.session_state["fault_slow"] = current.api.delay_seconds


def switch(controls: Controls) -> None:
    """A switch was moved: all of them are in force."""
    moved = st.session_state
    faults = Faults(
        WebhookFaults(
            delay_seconds=moved["fault_late"],
            duplicates=int(moved["fault_twice"]),
            shuffle=moved["fault_shuffle"],
            drop=moved["fault_drop"],
        ),
        ApiFaults(status=moved["fault_status"] or None, delay_seconds=moved["fault_slow"]),
    )
    try:
        controls.set_faults(faults)
    except ControlFailure as failure:
        moved["kit_fault_failure"] = failure


def written_or(seconds: float, none: str) -> str:
    """The delay in words, or what it is called when there is none."""
    return f"{seconds:g} s" if seconds else none
