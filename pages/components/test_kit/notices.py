"""Notices about faults that are on, of the sandbox or of our webhook, and about its clock."""

from __future__ import annotations

from functools import partial

import streamlit as st

from billing.domain.access import Permission
from billing.domain.durations import format_duration
from billing.errors import BillingError
from pages.components.errors import show_failure
from pages.components.frame.notices import Notice, Severity
from pages.components.permission import guarded
from pages.components.test_kit.webhook_faults import end_now_button
from pages.components.text.markdown import plain
from pages.components.text.times import local
from pages.scenarios.faults import NO_FAULTS
from pages.scenarios.sandbox_client import sandbox_controls
from pages.services import page_services

UNNOTICED_SECONDS = 600  # scenarios move it by seconds, which nobody notices


def faults_on() -> Notice | None:
    """The faults that are switched on."""
    controls = sandbox_controls()
    state = controls.recent_state() if controls else None
    if state is None or not state.faults.lines:
        return None
    text = " ".join(plain(line) for line in state.faults.lines)
    title = "Fault injection is on"
    return Notice(Severity.WARNING, title, text, "bug_report", _clear_faults_button)


def webhook_faults_on() -> Notice | None:
    """The faults of our own webhook that are on, and until when."""
    in_force = page_services().services.fault_injection.in_force
    if in_force is None:
        return None
    text = f"{' '.join(in_force.faults.lines)} Until {local(in_force.ends_at):%H:%M}."
    title = "Webhook faults are on"
    return Notice(
        Severity.WARNING, title, plain(text), "bug_report", partial(end_now_button, "end_faults")
    )


def clock_ahead() -> Notice | None:
    """The sandbox's time, while it is ahead."""
    controls = sandbox_controls()
    state = controls.recent_state() if controls else None
    if state is None or state.ahead_seconds <= UNNOTICED_SECONDS:
        return None
    text = (
        f"Sandbox time: {plain(f'{local(state.now):%a %d %b %Y, %H:%M}')}, "
        f"{format_duration(state.ahead_seconds)} ahead. Only a reset sets the clock back."
    )
    title = "The sandbox's clock is ahead"
    return Notice(Severity.INFO, title, text, "fast_forward", _reset_link)


def _clear_faults_button() -> None:
    controls = sandbox_controls()
    if controls and st.button(
        "Clear all faults",
        key="clear_faults",
        icon=":material/healing:",
        **guarded(Permission.SET_FAULTS),
    ):
        try:
            controls.set_faults(NO_FAULTS)
        except BillingError as failure:
            show_failure(failure, "The faults could not be cleared")
        else:
            st.rerun()  # the whole page: what it says may have been the faults' doing


def _reset_link() -> None:
    st.page_link(
        "test_kit.py",
        label="Go to Reset",
        icon=":material/restart_alt:",
        query_params={"show": "Demo data"},
    )
