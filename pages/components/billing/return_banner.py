"""What happened at Checkout, as Stripe tells it; the address bar is not believed."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from billing.domain.checkout_session import CheckoutSession, Outcome
from billing.errors import BillingError, InvalidInput, StripeFailure
from pages.components.errors import show_failure
from pages.components.markdown import code, link, plain
from pages.services import page_services

if TYPE_CHECKING:
    from concurrent.futures import Future

    from billing.fulfillment import FulfilledSession

LOOK_AGAIN_SECONDS = 2.0
FOLLOWED_EVERY = "1s"
RETRY_SECONDS = 10.0  # after a failure


def return_banner() -> None:
    """A banner for ``?success=1`` and ``?canceled=1``, or nothing."""
    came_back = "success" in st.query_params or "canceled" in st.query_params
    session_id = st.query_params.get("session_id", "")
    if came_back and session_id:
        settled_banner(session_id)
    elif "success" in st.query_params:
        st.info(
            "This link contains no session ID, so the payment cannot be confirmed. "
            "Check the newest session in the table below.",
            title="Back from Checkout",
            icon=":material/info:",
        )
    elif "canceled" in st.query_params:
        canceled_banner()


def canceled_banner() -> None:
    st.warning(
        "Checkout was closed before paying. The session stays open until it expires; "
        "its link is in the table below.",
        title="Canceled",
        icon=":material/undo:",
    )


@dataclass
class PolledSession:
    """What Stripe has said of a session so far: its last answer, and why the last try failed.

    The page waits for none of its answers longer than a moment.
    """

    session: CheckoutSession | None = None
    failure: BillingError | None = None
    asked_at: float = -math.inf
    asking: Future[FulfilledSession] | None = None

    @property
    def is_over(self) -> bool:
        """No other answer is to be expected."""
        if self.failure:
            return is_unknown(self.failure)
        return self.session is not None and nothing_follows(self.session)

    def follow(self, session_id: str, patience: float = 0.0) -> None:
        """Ask, where that is due, and take down what is answered within ``patience`` seconds."""
        pause = RETRY_SECONDS if self.failure else LOOK_AGAIN_SECONDS
        if self.asking is None and not self.is_over and time.monotonic() - self.asked_at > pause:
            billing = page_services()
            self.asked_at = time.monotonic()
            self.asking = billing.start(
                lambda: billing.services.fulfillment.refresh_and_grant(session_id, cause="return")
            )
        if self.asking is None:
            return
        try:
            self.session, self.failure = self.asking.result(patience).session, None
        except TimeoutError:
            return
        except BillingError as failure:
            self.failure = failure
        self.asking = None


def settled_banner(session_id: str) -> None:
    """The banner of one session; looks again by itself while the outcome is not final."""
    lookups: dict[str, PolledSession] = st.session_state.setdefault("returned", {})
    lookup = lookups.setdefault(session_id, PolledSession())
    lookup.follow(session_id, page_services().services.timings.page_payment_seconds)
    follows = None if lookup.is_over else FOLLOWED_EVERY
    st.fragment(following_banner, run_every=follows)(session_id, lookup)


def following_banner(session_id: str, lookup: PolledSession) -> None:
    """What is known of it now."""
    lookup.follow(session_id)
    if lookup.failure:
        unconfirmed_banner(lookup.failure)
    elif lookup.session:
        session_banner(lookup.session)
    else:
        st.info(
            "Waiting for Stripe's answer. This message updates automatically.",
            title="Checking the payment",
            icon=":material/hourglass_top:",
        )


def nothing_follows(session: CheckoutSession) -> bool:
    """Nothing can change any more, or it is not ours to follow."""
    return session.outcome.is_final or not session.ours


def session_banner(session: CheckoutSession) -> None:
    """What became of the session, and what to do next."""
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
            payer = f" by {code(session.customer_email)}" if session.customer_email else ""
            st.success(
                f"{bought}, paid{payer}. Session {code(session.id)}",
                title="Payment received",
                icon=":material/check_circle:",
            )
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
        case Outcome.OPEN:
            back = f" {link('Back to Checkout', session.url)}" if session.url else ""
            st.warning(
                f"{bought}: nothing has been paid yet and the session is still open.{back}",
                title="Not paid",
                icon=":material/pending:",
            )


def is_unknown(failure: BillingError) -> bool:
    """Stripe knows no session of that id."""
    return isinstance(failure, InvalidInput) or (
        isinstance(failure, StripeFailure) and failure.is_missing
    )


def unconfirmed_banner(failure: BillingError) -> None:
    if is_unknown(failure):
        st.warning(
            "This session does not exist in Stripe, so the payment cannot be confirmed.",
            title="Session not found",
            icon=":material/help:",
        )
    else:
        show_failure(failure, "The payment could not be checked")
