"""One event in a drawer: what became of it, what Stripe sent, and handling it again."""

from __future__ import annotations

import streamlit as st

from billing.checkout_session import SESSION_ID
from billing.durations import written
from billing.errors import BillingError
from billing.event_log import ID_LENGTH, EventDetails
from billing.page_services import page_services
from billing.store.event_queries import Event
from pages.event_table import STATE_COLORS, way
from pages.failures import show_failure
from pages.markdown import code, plain
from pages.times import local


def event_drawer() -> None:
    """Open the event that the address names, if it names one."""
    event_id = st.query_params.get("event", "").strip()[:ID_LENGTH]
    if not event_id:
        return
    billing = page_services()
    failure: BillingError | None = None
    details: EventDetails | None = None
    try:
        details = billing.call(lambda: billing.services.event_log.one(event_id))
    except BillingError as caught:
        failure = caught
    title = plain(details.event.type) if details else "Event"
    drawer = st.dialog(title or "Event", width="medium", position="right", on_dismiss=forget)
    if details:
        drawer(event)(details)
    else:
        drawer(no_event)(event_id, failure)


def forget() -> None:
    """The drawer was closed: the address names no event any more."""
    if event_id := st.query_params.pop("event", None):
        st.session_state.pop(f"replay_failure_{event_id}", None)


def event(details: EventDetails) -> None:
    """What became of it, which follows by itself, and what Stripe sent."""
    what_became_of_it(details.event.id)
    st.markdown("**Payload, as Stripe sent it**")
    st.json(details.payload, expanded=3)


def no_event(event_id: str, failure: BillingError | None) -> None:
    """Why there is nothing to show."""
    if failure:
        show_failure(failure, "The event could not be read just now")
    else:
        st.warning(
            f"No event {code(event_id)} has arrived here. It may belong to another account, "
            "or the address was cut short.",
            title="Unknown event",
            icon=":material/help:",
        )


@st.fragment(run_every="2s")
def what_became_of_it(event_id: str) -> None:
    """Its state, the error if it failed, all that is known of it, and the button to replay it."""
    billing = page_services()
    failure: BillingError | None = st.session_state.get(f"replay_failure_{event_id}")
    details: EventDetails | None = None
    try:
        details = billing.call(lambda: billing.services.event_log.one(event_id))
    except BillingError as caught:
        failure = caught
    if details is None:
        no_event(event_id, failure)
        return
    event = details.event
    with st.container(horizontal=True, vertical_alignment="center"):
        word = event.state.capitalize()
        st.markdown(f":{STATE_COLORS.get(word, 'gray')}-badge[{plain(word)}]", width="content")
        _replay_button(event)
        if SESSION_ID.fullmatch(event.object_id):
            st.page_link(
                "sessions.py",
                label="The session's story",
                icon=":material/timeline:",
                query_params={"session": event.object_id},
            )
    if failure:
        show_failure(failure, "It was not replayed")
    if event.error:
        after = (
            "It is tried again by itself."
            if details.tried_again
            else "It waits for a replay: it is not tried again by itself."
        )
        st.error(
            f"{plain(event.error)}  \n{after}",
            title="Handling failed",
            icon=":material/error:",
        )
    st.table(_facts(event), border="horizontal", alt="What is known of the event")


def _facts(event: Event) -> dict[str, str]:
    return {
        "Event id": code(event.id),
        "About": code(event.object_id) if event.object_id else "Nothing with an id",
        "Made by Stripe": _at(event.created),
        "Arrived": f"{_at(event.received_at)}, {plain(written(event.delay))} later",
        "Came by": plain(way(event)),
        "Webhook deliveries": f"{event.deliveries:,}",
        "Tries": f"{event.attempts:,}" if event.attempts else _why_not(event),
        "Last try": _at(event.settled_at) if event.settled_at else "Never",
    }


def _why_not(event: Event) -> str:
    if event.state == "ignored":
        return "None: this app does nothing for this type"
    return "None yet"


def _at(unix_seconds: float) -> str:
    try:
        return f"{local(unix_seconds):%d %b %Y, %H:%M:%S}"
    except (ValueError, OverflowError, OSError):  # no clock of this world
        return f"Unix time {unix_seconds:,.0f}"


def _replay_button(event: Event) -> None:
    ignored = event.state == "ignored"
    st.button(
        "Replay",
        key="replay",
        type="primary" if event.state == "failed" else "secondary",
        icon=":material/replay:",
        disabled=ignored or event.state == "pending",
        on_click=_replay,
        args=(event.id,),
        help=(
            "This app does nothing for events of this type."
            if ignored
            else "Reads its session from Stripe again; what was granted is not granted twice."
        ),
    )


def _replay(event_id: str) -> None:
    billing = page_services()
    st.session_state.pop(f"replay_failure_{event_id}", None)
    try:
        billing.call(lambda: billing.services.event_log.replay(event_id))
    except BillingError as failure:
        st.session_state[f"replay_failure_{event_id}"] = failure
    else:
        st.toast("It is handled again", icon=":material/replay:")
