"""The timeline of a session: what happened, when, and by which events we know."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import streamlit as st

from billing.domain.durations import format_duration
from billing.domain.events.event import Event, EventSource, EventState
from billing.domain.logged_request import LoggedRequest
from billing.domain.sessions.checkout_session import Outcome
from billing.domain.sessions.details import SessionDetails
from billing.domain.sessions.timeline import EntryKind, TimelineEntry
from billing.safe_text import sanitize
from pages.components.requests.columns import seconds_text, short_path
from pages.components.requests.lines import request_link
from pages.components.sessions.unusual_deliveries import (
    NOTHING_SENT,
    Sent,
    sent_by_sandbox,
    sentences,
    signs,
)
from pages.components.text.markdown import code, link, plain
from pages.components.text.times import ago, local, short_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from billing.domain.events.delivery import ClaimedDelivery, ReceivedDelivery

NO_BREAK = "\u00a0"  # between a number and its unit, as a line ends there on phones
ICONS = {
    EntryKind.CREATED: "add_circle",
    EntryKind.PAYMENT_ATTEMPTED: "credit_card",
    EntryKind.ACTION_REQUIRED: "verified_user",
    EntryKind.PAYMENT_FAILED: "block",
    EntryKind.PAYMENT_SUCCEEDED: "payments",
    EntryKind.COMPLETED: "check_circle",
    EntryKind.ASYNC_PAYMENT_SUCCEEDED: "check_circle",
    EntryKind.ASYNC_PAYMENT_FAILED: "cancel",
    EntryKind.EXPIRED: "timer_off",
    EntryKind.GRANTED: "redeem",
    EntryKind.NOT_GRANTED: "hourglass_top",
    EntryKind.REFUNDED: "undo",
    EntryKind.REFUND_FAILED: "error",
    EntryKind.DISPUTED: "gavel",
    EntryKind.DISPUTE_CLOSED: "gavel",
    EntryKind.RENEWED: "autorenew",
    EntryKind.RENEWAL_FAILED: "credit_card_off",
    EntryKind.SUBSCRIPTION_CHANGED: "edit_calendar",
    EntryKind.SUBSCRIPTION_ENDED: "event_busy",
    EntryKind.LEDGER_LINE: "receipt_long",
    EntryKind.REQUEST: "swap_vert",
    EntryKind.LATER: "schedule",
    EntryKind.OTHER: "bolt",
}
EVENT_STATES = {
    EventState.HANDLED: "handled",
    EventState.PENDING: "not handled yet",
    EventState.FAILED: "handling failed",
    EventState.IGNORED: "not needed by this app",
}


def timeline(details: SessionDetails) -> None:
    """The steps, and on demand the events that only repeat them."""
    repeats = sum(step.kind is EntryKind.OTHER for step in details.entries)
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        st.subheader("Timeline", anchor=False, width="content")
        show_all = bool(repeats) and st.toggle(
            f"All steps (+{repeats})",
            key="all_events",
            help="Also show events that add nothing new, and requests that only read",
        )
    sent = sent_by_sandbox(details)
    visible = [step for step in details.entries if show_all or step.kind is not EntryKind.OTHER]
    with st.container(gap=None, key="timeline"):
        for number, step in enumerate(visible):
            with st.expander(
                label(step, details.session.created, unusual(step, details, sent)),
                type="step",
                icon=f":material/{ICONS[step.kind]}:",
                key=f"step_{number}_{step_id(step)}",
            ):
                if text := lines(step, details, sent):
                    st.markdown("  \n".join(text))
        # A step with nothing in it ends the line.
        st.expander(ending(details), type="step", icon=":material/flag:", key="last_step")


def step_id(step: TimelineEntry) -> str:
    """What the step is about, to tell it from the others."""
    found = step.event or step.request
    return str(found.id) if found else step.kind


def label(step: TimelineEntry, created: int, badges: Sequence[str]) -> str:
    """The step on one line, as Markdown: what, when, how long after, and what is unusual."""
    detail = f" {plain(step.detail)}" if step.detail else ""
    if step.until is not None:
        detail += f" {local(step.until):%d %b %Y}"
    signs = "".join(f" :orange-badge[{plain(sign)}]" for sign in badges)
    is_request = step.request is not None and step.title.endswith(step.request.path)
    title = short_path(step.title) if is_request else step.title
    return f"**{plain(title)}**{detail} · {time_text(step, created)}{signs}"


def unusual(step: TimelineEntry, details: SessionDetails, sent: Mapping[str, Sent]) -> list[str]:
    """What somebody should notice about the step's request: tried twice, failed; and about its
    event: late, twice, refused, failed."""
    event, request = step.event, step.request
    found = [request.outcome] if request and request.is_unusual else []
    if event is None or step.kind in (EntryKind.GRANTED, EntryKind.LEDGER_LINE):
        return found
    found += signs(event, *_deliveries(event, details, sent))
    if event.state in (EventState.FAILED, EventState.PENDING):
        found.append(EVENT_STATES[event.state])
    return found


def time_text(step: TimelineEntry, created: int) -> str:
    """Its time, and how long after the session's creation; or how long until then."""
    if step.kind is EntryKind.LATER:
        return f"{ago(step.at)}, {local(step.at):%d %b, %H:%M}"
    if step.kind is EntryKind.CREATED:
        return short_time(step.at)
    day = "" if local(step.at).date() == local(created).date() else f"{local(step.at):%d %b}, "
    after = step.at - created
    later = f", +{format_duration(after).replace(' ', NO_BREAK)}" if after >= 0.05 else ""
    return f"{day}{local(step.at):%H:%M:%S}{later}"


def lines(step: TimelineEntry, details: SessionDetails, sent: Mapping[str, Sent]) -> list[str]:
    """What says so, in small type, as Markdown: the event, what was unusual about its deliveries,
    and the API request."""
    text = []
    if event := step.event:
        text = [event_line(event)]
        text += [
            f":small[{link(plain(one), _address(event))}]"
            for one in sentences(event, *_deliveries(event, details, sent))
        ]
    if step.request:
        text.append(f":small[{request_link(step.request)}: {plain(_took(step.request))}]")
    elif step.request_id:
        text.append(f":small[API request {code(step.request_id)}]")
    return text


def _deliveries(
    event: Event, details: SessionDetails, sent: Mapping[str, Sent]
) -> tuple[Sequence[ReceivedDelivery], Sent, Sequence[ClaimedDelivery]]:
    received, claims = details.deliveries.get(event.id, ()), details.claims.get(event.id, ())
    return received, sent.get(event.id, NOTHING_SENT), claims


def _address(event: Event) -> str:
    return f"events?event={quote(sanitize(event.id))}"


def _took(request: LoggedRequest) -> str:
    """``200 after 40 ms, req_…``, and by whom where this app did not make it."""
    took = f"{request.outcome} after {seconds_text(request.seconds)}"
    if not request.is_ours:
        took += f", by {request.caller}"
    return ", ".join(filter(None, (took, request.request_id)))


def event_line(event: Event) -> str:
    """The event as Markdown: its type, how late and by which source it came, and its state."""
    times = f", {event.deliveries} times" if event.deliveries > 1 else ""
    is_webhook = event.source is EventSource.WEBHOOK
    source = f"by webhook{times}, signature verified" if is_webhook else "by polling"
    error = f": {plain(event.error)}" if event.error else ""
    state = EVENT_STATES[event.state]
    return (
        f":small[{link(plain(event.type), _address(event))} arrived "
        f"{format_duration(max(event.delay, 0))} later {source}; {plain(state)}{error}]"
    )


def ending(details: SessionDetails) -> str:
    """The end of the line: what is awaited, if anything."""
    if details.session.outcome is Outcome.DECLINED:
        return "Declined; the customer can try again"
    if details.session.outcome is Outcome.OPEN:
        # Stripe ties a subscription's payment to its session only once it is paid.
        if details.session.mode == "subscription":
            return (
                "Not paid yet. Stripe names attempts to pay for a subscription only once it is paid"
            )
        return "Waiting for a payment"
    if details.session.outcome is Outcome.PROCESSING:
        return "Waiting for the bank"
    return "Session closed"
