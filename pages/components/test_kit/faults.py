"""Faults on demand: a switch for each, in effect at once."""

from __future__ import annotations

from functools import partial

import streamlit as st

from billing.errors import BillingError
from pages.components.errors import show_failure
from pages.components.test_kit.fault_controls import FaultControls
from pages.scenarios.faults import ApiFaults, Faults, WebhookFaults
from pages.scenarios.sandbox_client import Controls
from pages.services import page_services

WEBHOOK_DELAYS = (0, 3, 30, 120)
API_DELAYS = (0, 1, 5, 25)
NO_STATUS = 0
STATUSES = {NO_STATUS: "normal", 429: "429", 500: "500"}


def fault_switches(controls: Controls, current: Faults) -> None:
    """The switches, which show what is on at the sandbox, whoever switched it on."""
    if failure := st.session_state.pop("fault_failure", None):
        show_failure(failure, "The fault could not be set")
    faults = FaultControls("fault", partial(set_faults, controls))
    faults.fill(
        {
            "late": current.webhooks.delay_seconds,
            "twice": current.webhooks.duplicates > 0,
            "shuffle": current.webhooks.shuffle,
            "drop": current.webhooks.drop,
            "status": current.api.status or NO_STATUS,
            "slow": current.api.delay_seconds,
        }
    )
    webhooks, api = st.columns(2, gap="medium")
    with webhooks, st.container(border=True, height="stretch"):
        st.header("Webhooks", anchor=False)
        faults.choice("Delay", "late", delays(*WEBHOOK_DELAYS, current.webhooks.delay_seconds))
        faults.switch("Send each twice", "twice")
        faults.switch("Send in random order", "shuffle")
        faults.switch(
            "Lose the first attempt",
            "drop",
            "It is retried after 5 seconds, then with increasing delays.",
        )
    with api, st.container(border=True, height="stretch"):
        st.header("Stripe's API", anchor=False)
        faults.choice("Response", "status", STATUSES)
        faults.choice(
            "Delay of each request", "slow", delays(*API_DELAYS, current.api.delay_seconds)
        )
        st.caption("The Checkout page and the controls on this page are not affected.")


def set_faults(controls: Controls) -> None:
    """As a callback: have what all switches show."""
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


def delays(*seconds: float) -> dict[float, str]:
    """Each with its text, the shortest first."""
    return {one: f"{one:g} s" if one else "none" for one in sorted(set(seconds))}
