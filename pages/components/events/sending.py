"""Sending events again that failed, and test events, in dialogs; with the sandbox only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from billing.domain.access import Permission
from billing.domain.durations import HOUR, MINUTE
from billing.errors import BillingError
from pages.components.errors import show_failure
from pages.components.permission import guarded
from pages.components.rerun import rerun_page_if_requested
from pages.components.text.markdown import code, plain
from pages.scenarios.sandbox_client import sandbox_controls

if TYPE_CHECKING:
    from pages.scenarios.sandbox_client import Controls

RESEND_FAILED, TEST_EVENT = "Resend failed deliveries…", "Send a test event…"
SENDING = "events_sending"  # which of the two dialogs is open, and the object for a test event
RESULT = "events_sending_result"
SINCE = {
    15 * MINUTE: "The last 15 minutes",
    HOUR: "The last hour",
    24 * HOUR: "The last 24 hours",
    30 * 24 * HOUR: "The last 30 days",
}
ANY = ""


def open_sending(which: str, object_id: str = "") -> None:
    """As a callback: open the dialog."""
    st.session_state[SENDING] = (which, object_id)
    st.session_state.pop(RESULT, None)


def close_sending() -> None:
    """The dialog is closed."""
    for name in (SENDING, RESULT):
        st.session_state.pop(name, None)


def sending_dialog() -> None:
    """The dialog that was opened, if one was."""
    which, object_id = st.session_state.get(SENDING, ("", ""))
    controls = sandbox_controls()
    if not which or controls is None:
        return
    content = _resend_failed if which == RESEND_FAILED else _test_event
    dialog = st.dialog(which.rstrip("…"), width="medium", on_dismiss=close_sending)
    dialog(content)(controls, object_id)


def _show_result() -> None:
    result: BillingError | str | None = st.session_state.get(RESULT)
    if isinstance(result, BillingError):
        show_failure(result, "Nothing was sent")
    elif result:
        st.success(result, icon=":material/send:")


def _resend_failed(controls: Controls, _: str) -> None:
    """What failed since a time, to one endpoint or to any."""
    seconds = st.selectbox(
        "Failed in", list(SINCE), index=1, format_func=SINCE.__getitem__, key="resend_since"
    )
    try:
        since = controls.state().now - seconds
        found = controls.deliveries.failed_since(since)
    except BillingError as failure:
        show_failure(failure, "The deliveries could not be loaded")
        return
    urls = {one.endpoint: one.url or one.endpoint for one in found}
    endpoint = st.selectbox(
        "Endpoint",
        [ANY, *urls],
        format_func=lambda one: urls.get(one, "Any endpoint"),
        key="resend_endpoint",
    )
    number = sum(endpoint in (ANY, one.endpoint) for one in found)
    st.markdown(
        f"**{number:,}** deliver{'y' if number == 1 else 'ies'} failed and "
        f"{'has' if number == 1 else 'have'} not succeeded since."
    )
    st.button(
        "Resend",
        key="resend_failed_now",
        type="primary",
        icon=":material/send:",
        on_click=_on_resend_failed,
        **guarded(
            Permission.SEND_EVENTS,
            "Delivers them now, to the endpoints that are enabled. Nothing is granted twice.",
            disabled=not number,
        ),
    )
    _show_result()


def _on_resend_failed() -> None:
    controls = sandbox_controls()
    if controls is None:
        return
    # As they are chosen now, and not when the button was drawn.
    seconds, endpoint = st.session_state["resend_since"], st.session_state["resend_endpoint"]
    try:
        since = controls.state().now - seconds
        sent = controls.deliveries.resend_failed(since, endpoint or None)
        st.session_state[RESULT] = f"{sent:,} deliver{'y' if sent == 1 else 'ies'} sent again."
    except BillingError as failure:
        st.session_state[RESULT] = failure


def _test_event(controls: Controls, object_id: str) -> None:
    """An event of a type that fits the object."""
    rerun_page_if_requested()
    about = st.text_input(
        "Object ID",
        value=object_id,
        key="test_event_object",
        placeholder="cs_test_…, pi_…, ch_…, sub_…, cus_…",
        help="The event holds this object as it is now in the sandbox.",
    ).strip()
    if not about:
        return
    try:
        types = controls.deliveries.types_for(about)
    except BillingError as failure:
        show_failure(failure, "There is no such object")
        return
    if not types:
        st.caption(f"Stripe has no event about {code(about)}.")
        return
    st.selectbox("Event type", types, key="test_event_type")
    st.caption(
        "It is delivered to every endpoint that receives the type, and marked as a test event. "
        "Nothing has happened at Stripe, so nothing is granted or taken back."
    )
    st.button(
        "Send",
        key="send_test_event",
        type="primary",
        icon=":material/send:",
        on_click=_on_send,
        **guarded(Permission.SEND_EVENTS),
    )
    _show_result()


def _on_send() -> None:
    controls = sandbox_controls()
    if controls is None:
        return
    about = st.session_state["test_event_object"].strip()
    event_type = st.session_state["test_event_type"]
    try:
        event = controls.deliveries.send_test_event(event_type, about)
    except BillingError as failure:
        st.session_state[RESULT] = failure
        return
    st.session_state[RESULT] = f"{plain(event_type)} sent: {code(event)}"
