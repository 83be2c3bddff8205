"""One event in a drawer: its state, what Stripe sent, and handling it again."""

from __future__ import annotations

import time

import streamlit as st

from billing.changes.topics import Topic
from billing.domain.access import Permission
from billing.domain.durations import format_duration
from billing.domain.events.event import Event, EventDetails, EventState
from billing.domain.sessions.checkout_session import SESSION_ID, CheckoutSession
from billing.errors import BillingError
from billing.events.log import ID_LENGTH
from pages.components.browser.copyable import copyable
from pages.components.errors import show_failure
from pages.components.events.columns import source_text
from pages.components.events.deliveries import deliveries, forget_deliveries, received_text
from pages.components.events.sending import TEST_EVENT, open_sending
from pages.components.live import live
from pages.components.permission import guarded
from pages.components.requests.lines import requests_touching
from pages.components.rerun import request_page_rerun, rerun_page_if_requested
from pages.components.text.chips import ANOTHER_APP, TEST_EVENT_CHIP, chip
from pages.components.text.markdown import code, plain
from pages.components.text.times import EARLIEST, LATEST, exact_time, local
from pages.scenarios.sandbox_client import sandbox_controls
from pages.services import page_services

REPLAY = "Replay"
DAY = 86_400


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
    forget_deliveries()


def event(event_id: str) -> None:
    """Its state and facts, which follow by themselves, and what Stripe sent."""
    if details := read(event_id):
        st.markdown(f"**{plain(details.event.type)}**")
        live_details(event_id)
        deliveries(details)
        if details.event.object_id:
            requests_touching(details.event.object_id)
        st.subheader("Raw JSON", anchor=False)
        if removed := removed_payload(details.event):
            st.caption(removed)
        st.json(details.payload, expanded=3)


def removed_payload(event: Event) -> str:
    """Why its payload is not whole; empty where it is."""
    if event.payload_removed_at is None:
        return ""
    if event.state is EventState.IGNORED:
        return "This app does not handle the event, so its payload is not stored. What is left:"
    days = max(round((event.payload_removed_at - event.received_at) / DAY), 0)
    number = f"{days:,} day{'' if days == 1 else 's'}"
    return f"Payload removed after {number}. What is left:"


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


@live(Topic.EVENTS, Topic.SESSIONS)
def live_details(event_id: str) -> None:
    """Its state, the error if it failed, the facts, and the button to replay it."""
    rerun_page_if_requested()
    details = read(event_id)
    if details is None:
        return
    event = details.event
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(chip(event.state.label), width="content")
        if event.ours is False:
            st.markdown(chip(ANOTHER_APP), width="content")
        if event.is_test:
            st.markdown(chip(TEST_EVENT_CHIP), width="content")
        _session_link(details)
        _buttons(event)
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
    st.table(_facts(details), border="horizontal", alt="Event details")
    for label, stripe_id in (("Event ID", event.id), ("Object", event.object_id)):
        if stripe_id:
            with st.container(horizontal=True, vertical_alignment="center", wrap=False):
                st.markdown(f":small[{label}]", width=80)
                copyable(stripe_id, key=label.replace(" ", "_"))


def _session_link(details: EventDetails) -> None:
    """The way to the session that the event belongs to, where that is known."""
    session_id = details.session.id if details.session else details.event.object_id
    if SESSION_ID.fullmatch(session_id):
        st.page_link(
            "sessions.py",
            label="Open session",
            icon=":material/timeline:",
            query_params={"session": session_id},
        )


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


def _facts(details: EventDetails) -> dict[str, str]:
    event, session = details.event, details.session
    return {
        **({"Session": _session_text(session)} if session else {}),
        "Created": _time(event.created),
        "Arrived": f"{_time(event.received_at)}, {plain(_delay(event.delay))}",
        "Source": plain(source_text(event)),
        "Payload": event.payload,
        "Webhook deliveries": _deliveries_text(details),
        "Attempts": f"{event.attempts:,}" if event.attempts else _no_attempts(event),
        "Last attempt": _time(event.processed_at) if event.processed_at else "Never",
    }


def _deliveries_text(details: EventDetails) -> str:
    """How many reached this app, and how the last was answered."""
    number = f"{details.event.deliveries:,}"
    if not details.deliveries:
        return number
    return f"{number}; the last {received_text(details.deliveries[-1])}"


def _session_text(session: CheckoutSession) -> str:
    """What it sells, for how much and to whom, as Markdown."""
    email = code(session.customer_email) if session.customer_email else ""
    return ", ".join(filter(None, (plain(session.what), plain(session.amount), email)))


def _delay(delay: float) -> str:
    if delay < 0:
        early = format_duration(-delay)
        return f"{early} before it was created: Stripe's clock is ahead of this server's"
    return f"{format_duration(delay)} later"


def _no_attempts(event: Event) -> str:
    if event.state is EventState.IGNORED:
        return "None: this app does not handle it"
    return "None yet"


def _time(unix_seconds: float) -> str:
    if EARLIEST <= unix_seconds <= LATEST:
        return exact_time(unix_seconds)
    return f"Unix time {unix_seconds:,.0f}"  # beyond the calendar


def _buttons(event: Event) -> None:
    """Replay: what one would do with a failed event, and at hand for a handled one. And a test
    event about its object, with the sandbox."""
    more = [REPLAY] if event.state is EventState.HANDLED else []
    if event.object_id and sandbox_controls():
        more.append(TEST_EVENT)
    if event.state is EventState.FAILED:
        st.button(
            REPLAY,
            key="replay",
            type="primary",
            icon=":material/replay:",
            on_click=_on_replay,
            args=(event.id,),
            **guarded(
                Permission.REPLAY,
                "Retrieves its session from Stripe again. Nothing is granted twice.",
            ),
        )
    if more:
        st.menu_button(
            "More",
            more,
            key="more",
            on_click=_on_more,
            args=(event,),
            **guarded(Permission.REPLAY),
        )


def _on_more(event: Event) -> None:
    if st.session_state["more"] == TEST_EVENT:
        close_drawer()
        open_sending(TEST_EVENT, event.object_id)
        request_page_rerun()
    else:
        _on_replay(event.id)


def _on_replay(event_id: str) -> None:
    billing = page_services()
    failure: BillingError | None = None
    try:
        billing.call(lambda: billing.services.event_log.replay(event_id))
    except BillingError as caught:
        failure = caught
    st.session_state["replay_result"] = (event_id, time.time(), failure)
