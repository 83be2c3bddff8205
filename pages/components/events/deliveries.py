"""The deliveries of an event in its drawer: with the sandbox every attempt at every endpoint, with
Stripe what reached this app and what Stripe still has to deliver."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import streamlit as st

from billing.changes.topics import Topic
from billing.domain.access import Permission
from billing.domain.durations import format_duration
from billing.errors import BillingError
from pages.components.errors import show_failure
from pages.components.live import live
from pages.components.permission import guarded
from pages.components.text.markdown import code, plain
from pages.components.text.times import exact_time, local
from pages.scenarios.sandbox_client import sandbox_controls
from pages.scenarios.sandbox_deliveries import DeliveryState, Next
from pages.services import page_services

if TYPE_CHECKING:
    from billing.domain.events.delivery import ClaimedDelivery, ReceivedDelivery
    from billing.domain.events.event import EventDetails
    from pages.scenarios.sandbox_client import Controls
    from pages.scenarios.sandbox_deliveries import Attempt, Delivery

PENDING = "event_pending_webhooks"
FAILURE = "resend_failure"
WAITING_PAUSE = "2s"  # between looks at what waits for its next attempt
UNVERIFIED = "anybody may have sent that, as no signature proves who did"
SHORTEST = 0.095  # seconds, below which milliseconds say more
CHIPS = {
    DeliveryState.SUCCEEDED: ":green-badge[✓ Delivered]",
    DeliveryState.PENDING: ":blue-badge[○ Waiting]",
    DeliveryState.FAILED: ":red-badge[✕ Not delivered]",
}


def forget_deliveries() -> None:
    """The drawer is closed."""
    for name in (PENDING, FAILURE):
        st.session_state.pop(name, None)


def deliveries(details: EventDetails) -> None:
    """The section of the drawer."""
    st.subheader("Deliveries", anchor=False)
    controls = sandbox_controls()
    if controls is None:
        _at_stripe(details)
        return
    try:
        found = controls.deliveries.of_events([details.event.id])
    except BillingError as failure:
        show_failure(failure, "The deliveries could not be loaded")
        return
    is_waiting = any(one.next is Next.ATTEMPT for one in found)
    part = live(Topic.EVENTS, run_every=WAITING_PAUSE if is_waiting else None)
    part(sandbox_deliveries)(details.event.id)


def sandbox_deliveries(event_id: str) -> None:
    """Each endpoint to which the sandbox sends the event."""
    controls = sandbox_controls()
    if controls is None:
        return
    try:
        found = controls.deliveries.of_events([event_id])
    except BillingError as failure:
        show_failure(failure, "The deliveries could not be loaded")
        return
    if refused := st.session_state.get(FAILURE):
        show_failure(refused, "The event could not be sent again")
    if not found:
        st.caption("No endpoint was subscribed to this event when it was created.")
    now = time.time() + _seconds_ahead(controls)
    for delivery in found:
        _delivery(delivery, now)


def _seconds_ahead(controls: Controls) -> float:
    state = controls.recent_state()
    return state.ahead_seconds if state else 0.0


def _delivery(delivery: Delivery, now: float) -> None:
    with st.container(border=True, gap="xsmall", key=f"delivery_{delivery.endpoint}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.markdown(CHIPS[delivery.state], width="content")
            if delivery.payload == "thin":
                st.markdown(":gray-badge[Thin]", width="content")
            st.space("stretch")
            st.button(
                "Resend",
                key=f"resend_{delivery.endpoint}",
                icon=":material/send:",
                on_click=_on_resend,
                args=(delivery.event, delivery.endpoint),
                **guarded(
                    Permission.SEND_EVENTS,
                    "Delivers this event to this endpoint again. Nothing is granted twice.",
                    disabled=delivery.next in (Next.DISABLED, Next.DELETED),
                ),
            )
        st.markdown(code(delivery.url or delivery.endpoint))
        if text := next_text(delivery, now):
            st.caption(text)
        left_out = delivery.attempts_made - len({one.number for one in delivery.attempts})
        if left_out > 0 and delivery.attempts:
            st.caption(f"{left_out:,} earlier attempts are not stored any more.")
        shown: set[int] = set()
        for place, attempt in enumerate(delivery.attempts):
            key = f"attempt_{delivery.endpoint}_{place}"
            _attempt(attempt, key, is_copy=attempt.number in shown)
            shown.add(attempt.number)


def next_text(delivery: Delivery, now: float) -> str:
    """What comes next, as Markdown; empty where nothing does. ``now`` is the sandbox's time."""
    made = delivery.attempts_made
    after = f"after {made:,} attempt{'' if made == 1 else 's'}"
    match delivery.next:
        case Next.ATTEMPT:
            due = delivery.next_at or 0
            if due <= now:
                return "An attempt is under way."
            return f"Next attempt in {format_duration(due - now)}, at {local(due):%H:%M:%S}."
        case Next.GIVEN_UP:
            return f"Given up {after}."
        case Next.DISABLED:
            return "The endpoint is disabled: nothing is sent to it."
        case Next.DELETED:
            return "The endpoint has been deleted."
    return ""


def _attempt(attempt: Attempt, key: str, *, is_copy: bool) -> None:
    """One line, and on demand the answer."""
    icon = "check_circle" if attempt.succeeded else "error"
    panel = st.expander(
        attempt_text(attempt, is_copy=is_copy),
        key=key,
        icon=f":material/{icon}:",
        on_change="rerun",
    )
    if not panel.open:
        return
    with panel:
        if attempt.error:
            st.markdown(plain(attempt.error))
        if attempt.headers:
            lines = "\n".join(f"{name}: {value}" for name, value in attempt.headers.items())
            st.code(lines, language=None, wrap_lines=True)
        if attempt.body:
            st.code(attempt.body, language=None, wrap_lines=True)
        elif attempt.status is not None:
            st.caption("The answer has no body.")


def attempt_text(attempt: Attempt, *, is_copy: bool = False) -> str:
    """``Attempt 1 at 19:40:01: 500 in 12 ms``; a copy is what was sent at once with another."""
    answer, took = "no answer", "after"
    if attempt.status is not None:
        answer, took = f"**{attempt.status}**", "in"
    took = f" {took} {took_text(attempt.seconds)}" if attempt.seconds else ""
    which = f"Attempt {attempt.number}{', a copy,' if is_copy else ''}"
    return f"{which} at {local(attempt.at):%H:%M:%S}: {answer}{took}"


def took_text(seconds: float) -> str:
    """``12 ms``, ``1.3 s``."""
    return f"{seconds * 1000:.0f} ms" if seconds < SHORTEST else format_duration(seconds)


def _on_resend(event: str, endpoint: str) -> None:
    controls = sandbox_controls()
    st.session_state.pop(FAILURE, None)
    if controls is None:
        return
    try:
        controls.deliveries.resend(event, endpoint)
    except BillingError as failure:
        st.session_state[FAILURE] = failure


def received_text(delivery: ReceivedDelivery) -> str:
    """``23 Nov 2026, 07:42:13: answered 200 in 12 ms``, as Markdown."""
    return (
        f"{exact_time(delivery.received_at)}: answered **{delivery.status}** in "
        f"{took_text(delivery.seconds)}"
    )


def claim_text(claim: ClaimedDelivery) -> str:
    """What was refused, when and why, in a sentence."""
    at = f"{local(claim.received_at):%H:%M:%S}"
    reason = f"{claim.reason.rstrip('.')}; {UNVERIFIED}"
    if claim.count == 1:
        return f"A delivery that claims to be {claim.event_id} was refused at {at}: {reason}"
    return (
        f"{claim.count:,} deliveries that claim to be {claim.event_id} were refused, the last at "
        f"{at}: {reason}"
    )


def _at_stripe(details: EventDetails) -> None:
    """What reached this app, what was refused meanwhile, and what Stripe says."""
    lines = [received_text(one) for one in details.deliveries]
    if not lines:
        lines = ["No delivery of this event has reached this app as far as it is stored."]
    lines += [plain(claim_text(one)) for one in details.claims]
    claimed = {one.reason for one in details.claims}
    lines += [
        f"{exact_time(one.received_at)}: {one.count:,} refused, of whichever event. "
        f"{plain(one.reason)} {plain(one.next_step)}"
        for one in details.refusals
        if one.reason not in claimed
    ]
    st.markdown("\n".join(f"- {line}" for line in lines))
    st.caption(_pending_text(details.event.id))
    if details.dashboard_url:
        st.link_button(
            "Resend in Stripe Dashboard", details.dashboard_url, icon=":material/open_in_new:"
        )


def _pending_text(event_id: str) -> str:
    """What Stripe says when the drawer is opened; then that is remembered."""
    known: tuple[str, str] | None = st.session_state.get(PENDING)
    if known and known[0] == event_id:
        return known[1]
    billing = page_services()
    try:
        number = billing.call(lambda: billing.services.event_log.pending_webhooks(event_id))
    except BillingError as failure:
        text = f"Stripe does not say how many deliveries are pending: {plain(failure.message)}"
    else:
        text = pending_webhooks_text(number)
    command = f"stripe events resend {event_id} --webhook-endpoint we_…"
    text += f" Stripe's Dashboard resends it, and so does its CLI: {code(command)}"
    st.session_state[PENDING] = (event_id, text)
    return text


def pending_webhooks_text(number: int | None) -> str:
    """Stripe's ``pending_webhooks`` in a sentence."""
    if number is None:
        return "Stripe does not say how many deliveries of a thin event are pending."
    if not number:
        return "By Stripe's account, every endpoint has received this event."
    have = " has" if number == 1 else "s have"
    return f"By Stripe's account, {number:,} endpoint{have} not received this event yet."
