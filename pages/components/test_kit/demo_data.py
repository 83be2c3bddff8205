"""A month of plausible history for a demo, and the reset."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

import streamlit as st

from billing.domain.checkout_session import APP, Kind
from billing.errors import BillingError
from pages.components.errors import show_failure
from pages.scenarios.sandbox_client import ControlFailure
from pages.services import page_services

if TYPE_CHECKING:
    from typing import Any

    from pages.scenarios.sandbox_client import Controls
    from pages.services import PageServices

DAYS = 30
SESSIONS = 400
WEIGHTS = {Kind.PRO: 2, Kind.CREDITS: 3}
QUANTITIES = {Kind.PRO: (1, 1), Kind.CREDITS: (1, 60)}
LOAD_TIMEOUT = 120.0
POLL_SECONDS = 0.1


def demo_data(controls: Controls) -> None:
    """The two buttons, and the result of the last press."""
    if result := st.session_state.get("demo_result"):
        st.success(result, icon=":material/check:")
        st.page_link("sessions.py", label="Go to Sessions", icon=":material/receipt_long:")
    fill_side, reset_side = st.columns(2, gap="medium")
    with fill_side, st.container(border=True, height="stretch"):
        st.header("A month of history", anchor=False)
        st.markdown(
            f"About {SESSIONS} sessions over the last {DAYS} days, like those of a small shop: "
            "most paid, some declined first, some abandoned, a few still open."
        )
        if st.button(
            "Create demo data", key="fill", type="primary", icon=":material/auto_awesome:"
        ):
            fill(controls)
    with reset_side, st.container(border=True, height="stretch"):
        st.header("Reset", anchor=False)
        st.markdown(
            "Deletes every session, payment, event and grant, clears the faults and sets the clock "
            "back to the current time. Prices and settings stay."
        )
        if st.button("Reset…", key="reset", icon=":material/restart_alt:"):
            reset_dialog(controls)


def fill(controls: Controls) -> None:
    """Have the sandbox create the history, and wait until our copy holds all of it."""
    billing = page_services()
    try:
        with st.status("Creating demo data…", expanded=True) as status:
            count = controls.fill(
                days=DAYS,
                sessions=SESSIONS,
                products=products(billing),
                seed=secrets.randbelow(10**6),
            )
            status.write(f"{count} sessions created in the sandbox")
            status.update(label="Loading them into the dashboard…")
            load_history(billing)
    except BillingError as failure:
        show_failure(failure, "The demo data could not be created")
        return
    st.session_state["demo_result"] = f"{count} sessions of the last {DAYS} days were created."
    st.rerun()


def products(billing: PageServices) -> list[dict[str, Any]]:
    """What the history sells: our own two Prices, with the metadata of this app's sessions."""
    return [
        {
            "price": billing.services.catalog.price_id(kind),
            "mode": kind.mode,
            "weight": WEIGHTS[kind],
            "quantity": list(QUANTITIES[kind]),
            "metadata": {
                "app": APP,
                "kind": kind.value,
                "quantity": "{quantity}",
                "made_by": "demo history",
            },
        }
        for kind in Kind
    ]


def load_history(billing: PageServices) -> None:
    """Have our copy read the history, and wait. Raises ``ControlFailure`` after the timeout."""
    mirror = billing.services.mirror
    billing.call(billing.services.sync_worker.restart_backfill)
    bar = st.progress(0.0)
    deadline = time.monotonic() + LOAD_TIMEOUT
    while not (state := billing.call(lambda: mirror.recent(0)).state).complete:
        bar.progress(min(state.read / SESSIONS, 1.0), text=f"{state.read:,} sessions loaded")
        if time.monotonic() > deadline:
            raise ControlFailure(
                state.failure or "The dashboard has not loaded all of them yet.",
                state.next_step or "Loading continues in the background.",
            )
        time.sleep(POLL_SECONDS)
    billing.call(billing.services.account_reset.read_completions)


@st.dialog("Reset everything?", icon=":material/restart_alt:")
def reset_dialog(controls: Controls) -> None:
    """Asks first: what is deleted cannot be brought back."""
    st.markdown(
        "Every session, payment, event and grant will be deleted, here and in the local "
        "sandbox, for everyone who uses this dashboard."
    )
    with st.container(horizontal=True):
        confirmed = st.button(
            "Reset everything",
            key="reset_confirm",
            type="primary",
            icon=":material/delete_forever:",
        )
        if st.button("Cancel", key="reset_cancel"):
            st.rerun()
    if confirmed:
        billing = page_services()
        try:
            with st.spinner("Resetting…"):
                reset(billing, controls)
        except BillingError as failure:
            show_failure(failure, "The reset failed")
            return
        for name in ("scenario_results", "scenario_names", "clock_result", "row_results"):
            st.session_state.pop(name, None)
        st.session_state["demo_result"] = "Everything was reset."
        st.rerun()


def reset(billing: PageServices, controls: Controls) -> None:
    """Delete everything at the sandbox, then here, so that nothing is read back in between."""
    controls.reset()
    billing.call(billing.services.account_reset.delete_everything)
