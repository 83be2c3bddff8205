"""What happened at Checkout, as Stripe tells it; the address bar is not believed."""

from __future__ import annotations

import time

import streamlit as st

from billing.checkout_session import CheckoutSession, Outcome
from billing.errors import BillingError, InvalidInput, StripeFailure
from billing.page_services import page_services
from pages.failures import show_failure
from pages.markdown import code, link, plain

LOOK_AGAIN_SECONDS = 2.0


def return_banner() -> None:
    """A banner for ``?success=1`` and ``?canceled=1``, or nothing."""
    came_back = "success" in st.query_params or "canceled" in st.query_params
    session_id = st.query_params.get("session_id", "")
    if came_back and session_id:
        settled_banner(session_id)
    elif "success" in st.query_params:
        st.info(
            "The address names no session, so nothing can be confirmed. "
            "The newest session below tells whether it was paid.",
            title="Back from Checkout",
            icon=":material/info:",
        )
    elif "canceled" in st.query_params:
        canceled_banner()


def canceled_banner() -> None:
    st.warning(
        "Checkout was left before paying. The session stays open until it expires: "
        "its link is in the table below.",
        title="Canceled",
        icon=":material/undo:",
    )


def settled_banner(session_id: str) -> None:
    """The banner of one session; looks again by itself while the outcome is not final."""
    try:
        session = look_up(session_id)
    except BillingError as failure:
        unconfirmed_banner(failure)
        return
    if nothing_follows(session):
        session_banner(session)
    else:
        st.fragment(following_banner, run_every=LOOK_AGAIN_SECONDS)(session_id)


def following_banner(session_id: str) -> None:
    try:
        session_banner(look_up(session_id))
    except BillingError as failure:
        unconfirmed_banner(failure)


def look_up(session_id: str) -> CheckoutSession:
    """What Stripe says of the session; a final answer is asked for once in a browser tab."""
    billing = page_services()
    asked: dict[str, tuple[float, CheckoutSession]] = st.session_state.setdefault("returned", {})
    when, session = asked.get(session_id, (0.0, None))
    is_fresh = time.monotonic() - when < LOOK_AGAIN_SECONDS
    if session is None or not (is_fresh or nothing_follows(session)):
        session = billing.call(
            lambda: billing.services.fulfillment.settle(session_id, cause="return")
        ).session
        asked[session_id] = (time.monotonic(), session)
    return session


def nothing_follows(session: CheckoutSession) -> bool:
    """Nothing can change any more, or it is not ours to follow."""
    return session.outcome.is_final or not session.ours


def session_banner(session: CheckoutSession) -> None:
    """What became of the session, and what to do next."""
    if not session.ours:
        st.warning(
            "Stripe knows this session, but this app did not make it, so it confirms nothing here.",
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
                f"{bought}: Checkout is complete, but the bank did not pay. "
                f"{plain(session.failure or '')} Nothing was granted. "
                "Press the button for a new session.",
                title="Payment failed",
                icon=":material/cancel:",
            )
        case Outcome.PROCESSING:
            st.info(
                f"{bought}: Checkout is complete, the money is on its way. "
                "This banner changes when it arrives or fails.",
                title="Still processing",
                icon=":material/hourglass_top:",
            )
        case Outcome.EXPIRED:
            st.warning(
                f"{bought}: the session expired without a payment. Press the button for a new one.",
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


def unconfirmed_banner(failure: BillingError) -> None:
    if isinstance(failure, InvalidInput) or (
        isinstance(failure, StripeFailure) and failure.is_missing
    ):
        st.warning(
            "Stripe knows no such session, so this address confirms nothing.",
            title="Unknown session",
            icon=":material/help:",
        )
    else:
        show_failure(failure, "The payment could not be checked just now")
