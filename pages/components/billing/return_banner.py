"""What happened at Checkout, as Stripe says; the address alone proves nothing."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import streamlit as st

from billing.changes.topics import Topic
from billing.domain.access import Permission
from billing.domain.durations import format_duration
from billing.domain.ledger.line import Origin
from billing.domain.sessions.checkout_session import CheckoutSession, Outcome
from billing.domain.sessions.details import SessionDetails, SessionLookup
from billing.domain.sessions.timeline import EntryKind
from billing.errors import BillingError, InvalidInput, StripeFailure
from pages.components.billing.canceled_banner import (
    banner_row,
    canceled_banner,
    dismiss_button,
    view_timeline_button,
)
from pages.components.billing.second_subscription import second_subscription_banner
from pages.components.errors import show_failure
from pages.components.live import live
from pages.components.rerun import rerun_page_if_requested
from pages.components.text.markdown import code, link, plain
from pages.services import page_services, refusal

if TYPE_CHECKING:
    from concurrent.futures import Future

    from billing.ledger.fulfillment import FulfilledSession

POLL_SECONDS = 2.0
REFRESH = "1s"
RETRY_SECONDS = 10.0  # after a failed request
ASKS_FOR_SECONDS = 120.0  # since somebody came back; then what changes is heard of all the same


def return_banner() -> None:
    """A banner for ``?success=1`` and ``?canceled=1``, or nothing."""
    returned = "success" in st.query_params or "canceled" in st.query_params
    session_id = st.query_params.get("session_id", "")
    if returned and session_id:
        checked_banner(session_id)
    elif "success" in st.query_params:
        st.info(
            "This link contains no session ID, so the payment cannot be confirmed. "
            "Check the newest session in the table below.",
            title="Back from Checkout",
            icon=":material/info:",
        )
    elif "canceled" in st.query_params:
        canceled_banner(st.query_params.get("reference", ""))


@dataclass
class SessionPoll:
    """Retrieves a session from Stripe again and again: the last ``session``, and why the last
    request failed. The page does not wait for a slow answer."""

    session: CheckoutSession | None = None
    failure: BillingError | None = None
    requested_at: float = -math.inf
    request: Future[FulfilledSession] | None = None
    began_at: float = field(default_factory=time.monotonic)

    @property
    def is_asking(self) -> bool:
        """Stripe is asked again by itself."""
        return not self.is_final and time.monotonic() - self.began_at < ASKS_FOR_SECONDS

    @property
    def is_final(self) -> bool:
        """No other answer is to be expected."""
        if self.failure:
            return is_not_found(self.failure)
        session = self.session  # another app's is only shown
        return session is not None and (session.outcome.is_final or not session.ours)

    def update(self, session_id: str, patience: float = 0.0) -> None:
        """Send a request when one is due; wait at most ``patience`` seconds for the answer."""
        pause = RETRY_SECONDS if self.failure else POLL_SECONDS
        if (
            self.request is None
            and not self.is_final
            and time.monotonic() - self.requested_at > pause
        ):
            billing = page_services()
            self.requested_at = time.monotonic()
            self.request = billing.start(
                lambda: billing.services.fulfillment.refresh_and_grant(
                    session_id, origin=Origin.RETURN
                )
            )
        if self.request is None:
            return
        try:
            self.session, self.failure = self.request.result(patience).session, None
        except TimeoutError:
            return
        except BillingError as failure:
            self.failure = failure
        self.request = None


def checked_banner(session_id: str) -> None:
    """The banner of one session; it asks Stripe while the outcome is about to change, and hears of
    what changes later."""
    polls: dict[str, SessionPoll] = st.session_state.setdefault("session_polls", {})
    poll = polls.setdefault(session_id, SessionPoll())
    poll.update(session_id, page_services().services.timings.page_payment_seconds)
    is_asking = poll.is_asking
    follow = live(
        *(Topic.SESSIONS, Topic.LEDGER, Topic.STATUS), run_every=REFRESH if is_asking else None
    )
    follow(live_banner)(session_id, poll, is_asking)


def live_banner(session_id: str, poll: SessionPoll, is_asking: bool) -> None:
    """What is known of the session now."""
    rerun_page_if_requested()
    patience = page_services().services.timings.page_payment_seconds
    poll.update(session_id, 0 if is_asking else patience)
    if is_asking and not poll.is_asking:
        st.rerun()  # the whole page, which asks no more
    if poll.failure:
        failure_banner(poll.failure)
    elif poll.session:
        session_banner(poll.session)
    else:
        st.info(
            "Waiting for Stripe's answer. This message updates automatically.",
            title="Checking the payment",
            icon=":material/hourglass_top:",
        )


def session_banner(session: CheckoutSession) -> None:
    """The session's outcome and what to do next, with the way to its timeline."""
    with banner_row():
        if session.ours:
            outcome_banner(session)
        else:
            st.warning(
                "This session was created by another app, so nothing is granted for it here.",
                title="Another app's session",
                icon=":material/help:",
            )
        view_timeline_button(session)
        dismiss_button()
    second_subscription_banner(session)


def outcome_banner(session: CheckoutSession) -> None:
    """What became of a session of this app."""
    bought = f"{session.what}, {plain(session.amount)}"
    match session.outcome:
        case outcome if outcome.was_paid:
            paid_banner(session)
        case Outcome.FAILED:
            st.error(
                f"{bought}: Checkout was completed, but nothing was paid or granted. "
                f"{plain(session.failure or '')} Press the button to create a new session.",
                title="Payment failed",
                icon=":material/cancel:",
            )
        case Outcome.PROCESSING:
            st.info(
                f"{bought}: Checkout was completed; the payment has not succeeded or failed yet. "
                "This message updates automatically.",
                title="Payment processing",
                icon=":material/hourglass_top:",
            )
        case Outcome.EXPIRED:
            st.warning(
                f"{bought}: the session expired without a payment.{declined(session)} Press the "
                "button to create a new one.",
                title="Not paid",
                icon=":material/timer_off:",
            )
        case Outcome.OPEN | Outcome.DECLINED:
            url = session.url if refusal(Permission.PAY) is None else None
            back = f" {link('Back to Checkout', url)}" if url else ""
            st.warning(
                f"{bought}: nothing has been paid yet and the session is still open."
                f"{declined(session)}{back}",
                title="Not paid",
                icon=":material/pending:",
            )


def stored(session: CheckoutSession) -> SessionDetails | None:
    """What our copy knows of it besides, by events; None where the database does not answer, as the
    table below says."""
    billing = page_services()
    try:
        return billing.call(lambda: billing.services.sessions.details(session.id, SessionLookup()))
    except BillingError:
        return None


def declined(session: CheckoutSession) -> str:
    """The bank's reason for the last decline as a sentence to add; empty where none is known."""
    details = stored(session)
    if details is None or not details.session.failure:
        return ""
    return f" Last attempt: {plain(details.session.failure)}"


def paid_banner(session: CheckoutSession) -> None:
    """What was granted and what was paid by whom; and what went back since, if anything."""
    details = stored(session)
    text = granted(details) if details else plain(session.what)
    now = details.session if details else session
    payer = f" by {code(now.customer_email)}" if now.customer_email else ""
    text = f"{text} · {plain(now.amount)} paid{payer}"
    if now.outcome is Outcome.PAID:
        st.success(text, title="Payment received", icon=":material/check_circle:")
    else:
        st.warning(
            f"{text} · **{plain(now.went_back)}** since",
            title=f"Payment received, {now.outcome.label.lower()} since",
            icon=":material/undo:",
        )


def granted(details: SessionDetails) -> str:
    """What was granted, and how soon after the payment, as Markdown."""
    what = plain(details.session.what)
    steps = {step.kind: step for step in details.entries}
    if step := steps.get(EntryKind.GRANTED):
        if step.event is None:
            return f"**{what} granted** {plain(step.detail)}"
        after = format_duration(max(step.at - step.event.created, 0))
        return f"**{what} granted**, by {step.event.source.label} after {plain(after)}"
    if step := steps.get(EntryKind.NOT_GRANTED):
        return f"**{plain(step.title)}.** {plain(step.detail)}"
    return what


def is_not_found(failure: BillingError) -> bool:
    """Stripe has no session of that id."""
    return isinstance(failure, InvalidInput) or (
        isinstance(failure, StripeFailure) and failure.is_missing
    )


def failure_banner(failure: BillingError) -> None:
    if is_not_found(failure):
        with banner_row():
            st.warning(
                "This session does not exist in Stripe, so the payment cannot be confirmed. Check "
                "the session ID in the address.",
                title="Session not found",
                icon=":material/help:",
            )
            dismiss_button()
    else:
        show_failure(failure, "The payment could not be checked")
