"""What happened at Checkout, as Stripe says; the address alone proves nothing."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from billing.domain.checkout_session import CheckoutSession, Outcome
from billing.domain.durations import format_duration
from billing.domain.grant import GrantCause
from billing.domain.session_details import SessionLookup
from billing.domain.timeline import EntryKind
from billing.errors import BillingError, InvalidInput, StripeFailure
from pages.components.billing.canceled_banner import (
    banner_row,
    canceled_banner,
    dismiss_button,
    view_timeline_button,
)
from pages.components.errors import show_failure
from pages.components.markdown import code, link, plain
from pages.components.rerun import rerun_page_if_requested
from pages.services import page_services

if TYPE_CHECKING:
    from concurrent.futures import Future

    from billing.fulfillment import FulfilledSession

POLL_SECONDS = 2.0
REFRESH = "1s"
RETRY_SECONDS = 10.0  # after a failed request


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
                    session_id, cause=GrantCause.RETURN
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
    """The banner of one session; it refreshes by itself until the outcome is final."""
    polls: dict[str, SessionPoll] = st.session_state.setdefault("session_polls", {})
    poll = polls.setdefault(session_id, SessionPoll())
    poll.update(session_id, page_services().services.timings.page_payment_seconds)
    refresh = None if poll.is_final else REFRESH
    st.fragment(live_banner, run_every=refresh)(session_id, poll)


def live_banner(session_id: str, poll: SessionPoll) -> None:
    """What is known of the session now."""
    rerun_page_if_requested()
    poll.update(session_id)
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
    """The session's outcome, and what to do next."""
    if not session.ours:
        st.warning(
            "This session was created by another app, so nothing is granted for it here.",
            title="Another app's session",
            icon=":material/help:",
        )
        return
    bought = f"{session.what}, {plain(session.amount)}"
    match session.outcome:
        case Outcome.PAID:
            with banner_row():
                st.success(
                    granted(session), title="Payment received", icon=":material/check_circle:"
                )
                view_timeline_button(session)
                dismiss_button()
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
                f"{bought}: the session expired without a payment. Press the button to create a "
                "new one.",
                title="Not paid",
                icon=":material/timer_off:",
            )
        case Outcome.OPEN | Outcome.DECLINED:
            back = f" {link('Back to Checkout', session.url)}" if session.url else ""
            st.warning(
                f"{bought}: nothing has been paid yet and the session is still open.{back}",
                title="Not paid",
                icon=":material/pending:",
            )


def granted(session: CheckoutSession) -> str:
    """What was granted, and how soon after the payment, as Markdown; then amount and payer."""
    billing = page_services()
    details = billing.call(lambda: billing.services.sessions.details(session.id, SessionLookup()))
    steps = {step.kind: step for step in details.entries}
    text = plain(session.what)
    if (step := steps.get(EntryKind.GRANTED)) and step.event:
        how = f"by {step.event.source.label} after "
        how += format_duration(max(step.at - step.event.created, 0))
        text = f"**{text} granted**, {plain(how)}"
    elif step:
        text = f"**{text} granted** {plain(step.detail)}"
    elif step := steps.get(EntryKind.NOT_GRANTED):
        text = f"**{plain(step.title)}.** {plain(step.detail)}"
    payer = f" by {code(session.customer_email)}" if session.customer_email else ""
    return f"{text} · {plain(session.amount)} paid{payer}"


def is_not_found(failure: BillingError) -> bool:
    """Stripe has no session of that id."""
    return isinstance(failure, InvalidInput) or (
        isinstance(failure, StripeFailure) and failure.is_missing
    )


def failure_banner(failure: BillingError) -> None:
    if is_not_found(failure):
        st.warning(
            "This session does not exist in Stripe, so the payment cannot be confirmed.",
            title="Session not found",
            icon=":material/help:",
        )
    else:
        show_failure(failure, "The payment could not be checked")
