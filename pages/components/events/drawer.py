"""One event in a drawer: its state, what Stripe sent, and handling it again."""

from __future__ import annotations

import time

import streamlit as st

from billing.domain.checkout_session import SESSION_ID
from billing.domain.durations import format_duration
from billing.domain.event import Event, EventDetails, EventState
from billing.errors import BillingError
from billing.events.log import ID_LENGTH
from pages.components.chips import ANOTHER_APP, chip
from pages.components.errors import show_failure
from pages.components.events.columns import source_text
from pages.components.markdown import code, plain
from pages.components.times import EARLIEST, LATEST, ago, exact_time, local
from pages.services import page_services


def event_drawer() -> None:
    """Open the event that the address names, if it names one."""
    event_id = st.query_params.get("event", "").strip()[:ID_LENGTH]
    if not event_id:
        return
    drawer = st.dialog("Event", width="medium", position="right", on_dismiss=close_drawer)
    drawer(event)(event_id)


def close_drawer() -> None:
    """The drawer was closed: the address names no event any more."""
    st.query_params.pop("event", None)
    for name in ("replay_result", "event_shown"):
        st.session_state.pop(name, None)


def event(event_id: str) -> None:
    """Its state and facts, which follow by themselves, and what Stripe sent."""
    if details := read(event_id):
        st.markdown(f"**{plain(details.event.type)}**")
        live_details(event_id)
        st.subheader("Raw JSON", anchor=False)
        st.json(details.payload, expanded=3)


def read(event_id: str) -> EventDetails | None:
    """The event, or None with a notice of why there is nothing to show."""
    billing = page_services()
    try:
        details = billing.call(lambda: billing.services.event_log.get(event_id))
    except BillingError as failure:
        show_failure(failure, "The event could not be loaded")
        return None
    if details:
        st.session_state["event_shown"] = event_id
    elif st.session_state.get("event_shown") == event_id:
        close_drawer()
        st.rerun()  # a reset has erased it
    else:
        st.warning(
            f"No event {code(event_id)} has arrived here. It may belong to another account, "
            "or the link may be incomplete.",
            title="Event not found",
            icon=":material/help:",
        )
    return details


@st.fragment(run_every="2s")
def live_details(event_id: str) -> None:
    """Its state, the error if it failed, the facts, and the button to replay it."""
    details = read(event_id)
    if details is None:
        return
    event = details.event
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(chip(event.state.label), width="content")
        if event.ours is False:
            st.markdown(chip(ANOTHER_APP), width="content")
        _replay_button(event)
        if SESSION_ID.fullmatch(event.object_id):
            st.page_link(
                "sessions.py",
                label="Open session",
                icon=":material/timeline:",
                query_params={"session": event.object_id},
            )
    show_replay_result(event)
    if event.error:
        next_attempt = (
            "Retrying automatically."
            if details.will_retry
            else "Not retried automatically. Press Replay to try again."
        )
        st.error(
            f"{plain(event.error)}  \n{next_attempt}",
            title="Handling failed",
            icon=":material/error:",
        )
    st.table(_facts(event), border="horizontal", alt="Event details")


def show_replay_result(event: Event) -> None:
    """The result of the last press of Replay, once it was pressed."""
    # A toast would take the drawer's own place on the page.
    result: tuple[str, float, BillingError | None] | None = st.session_state.get("replay_result")
    if not result or result[0] != event.id:
        return
    _, at, failure = result
    if failure:
        show_failure(failure, "The event could not be replayed")
    else:
        st.caption(f":material/replay: Replayed at {local(at):%H:%M:%S}")


def _facts(event: Event) -> dict[str, str]:
    return {
        "Event ID": code(event.id),
        "Object": code(event.object_id) if event.object_id else "None",
        "Created": _time(event.created),
        "Arrived": f"{_time(event.received_at)}, {plain(_delay(event.delay))}",
        "Source": plain(source_text(event)),
        "Webhook deliveries": f"{event.deliveries:,}",
        "Attempts": f"{event.attempts:,}" if event.attempts else _no_attempts(event),
        "Last attempt": _time(event.processed_at) if event.processed_at else "Never",
    }


def _delay(delay: float) -> str:
    if delay < 0:
        return f"{format_duration(-delay)} before it was created: one of the clocks is wrong"
    return f"{format_duration(delay)} later"


def _no_attempts(event: Event) -> str:
    if event.state is EventState.IGNORED:
        return "None: this app does not handle it"
    return "None yet"


def _time(unix_seconds: float) -> str:
    if EARLIEST <= unix_seconds <= LATEST:
        return f"{ago(unix_seconds)}: {exact_time(unix_seconds)}"
    return f"Unix time {unix_seconds:,.0f}"  # beyond the calendar


def _replay_button(event: Event) -> None:
    ignored = event.state is EventState.IGNORED
    st.button(
        "Replay",
        key="replay",
        type="primary" if event.state is EventState.FAILED else "secondary",
        icon=":material/replay:",
        disabled=ignored or event.state is EventState.PENDING,
        on_click=_on_replay,
        args=(event.id,),
        help=(
            "This app does not handle this event."
            if ignored
            else "Retrieves its session from Stripe again. Nothing is granted twice."
        ),
    )


def _on_replay(event_id: str) -> None:
    billing = page_services()
    failure: BillingError | None = None
    try:
        billing.call(lambda: billing.services.event_log.replay(event_id))
    except BillingError as caught:
        failure = caught
    st.session_state["replay_result"] = (event_id, time.time(), failure)
