"""A month of plausible history for a demo, and the reset."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from billing.domain.access import Permission
from billing.errors import BillingError
from pages.components.danger import danger_button
from pages.components.errors import show_failure
from pages.components.permission import guarded
from pages.scenarios.demo_history import DAYS, SESSIONS, SIZES, replace_with_demo
from pages.services import page_services

if TYPE_CHECKING:
    from pages.scenarios.sandbox_client import Controls
    from pages.services import PageServices


def demo_data(controls: Controls) -> None:
    """The two buttons, and the result of the last press."""
    if result := st.session_state.get("demo_result"):
        st.success(result, icon=":material/check:")
        st.page_link("sessions.py", label="Go to Sessions", icon=":material/receipt_long:")
    fill_side, reset_side = st.columns(2, gap="medium")
    with fill_side, st.container(border=True, height="stretch"):
        st.header("A month of history", anchor=False)
        st.markdown(
            f"Checkout Sessions of the last {DAYS} days, like those of a small shop: "
            "most paid, some declined first, some abandoned, bank debits that fail, a few still "
            "open. It is the same each time, and replaces what is there."
        )
        count = st.segmented_control(
            "Sessions",
            SIZES,
            default=SESSIONS,
            required=True,
            format_func="{:,}".format,
            key="demo_size",
            **guarded(
                Permission.FILL,
                "How the pages cope with many: 10,000 take a few minutes.",
            ),
        )
        if st.button(
            "Create demo data",
            key="fill",
            type="primary",
            icon=":material/auto_awesome:",
            **guarded(Permission.FILL),
        ):
            if has_sessions(page_services()):
                replace_dialog(controls, count)
            else:
                fill(controls, count)
    with reset_side, st.container(border=True, height="stretch"):
        st.header("Reset", anchor=False)
        st.markdown(
            "Deletes every session, payment, event and grant, clears the faults and sets the clock "
            "back to the current time. Prices and settings stay."
        )
        if st.button(
            "Reset…", key="reset", icon=":material/restart_alt:", **guarded(Permission.RESET)
        ):
            reset_dialog(controls)


def has_sessions(billing: PageServices) -> bool:
    """Whether there is something that demo data would replace."""
    return bool(billing.call(partial(billing.services.mirror.recent, 1)).sessions)


@st.dialog("Replace everything with demo data?", icon=":material/auto_awesome:")
def replace_dialog(controls: Controls, count: int) -> None:
    """Asks first: what is replaced cannot be brought back."""
    if is_confirmed("Replace everything", key="fill"):
        fill(controls, count)


@st.dialog("Reset everything?", icon=":material/restart_alt:")
def reset_dialog(controls: Controls) -> None:
    """Asks first: what is deleted cannot be brought back."""
    if is_confirmed("Reset everything", key="reset"):
        reset_all(controls)


def is_confirmed(label: str, *, key: str) -> bool:
    """What would be lost, and the two buttons; whether the first was pressed."""
    st.markdown(
        "Every session, payment, event and grant will be deleted, here and in the local "
        "sandbox, for everyone who uses this dashboard."
    )
    with st.container(horizontal=True):
        confirmed = danger_button(label, key=f"{key}_confirm", icon=":material/delete_forever:")
        if st.button("Cancel", key=f"{key}_cancel"):
            st.rerun()
    return confirmed


def fill(controls: Controls, count: int) -> None:
    """Have the sandbox create a history of so many sessions, and our copy hold all of it."""
    billing = page_services()
    try:
        with st.spinner("Creating demo data…"):
            made = billing.call(partial(replace_with_demo, billing.services, controls, count))
    except BillingError as failure:
        show_failure(failure, "The demo data could not be created")
        return
    st.session_state["demo_result"] = f"{made:,} sessions of the last {DAYS} days were created."
    st.rerun()


def reset_all(controls: Controls) -> None:
    """Delete everything, and what this tab shows of it."""
    billing = page_services()
    try:
        with st.spinner("Resetting…"):
            reset(billing, controls)
    except BillingError as failure:
        show_failure(failure, "The reset failed")
        return
    for name in ("clock_result", "row_results"):
        st.session_state.pop(name, None)
    st.session_state["demo_result"] = "Everything was reset."
    st.rerun()


def reset(billing: PageServices, controls: Controls) -> None:
    """Delete everything at the sandbox, then here, so that nothing is read back in between. What
    is held would come back: so first of all webhook faults end."""
    billing.call(billing.services.fault_injection.end)
    controls.reset()
    billing.call(billing.services.account_reset.delete_everything)
