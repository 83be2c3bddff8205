"""Checkout was left before paying; and the buttons that the banners on the return share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from billing.domain.access import Permission
from billing.domain.sessions.checkout_session import CheckoutSession
from billing.errors import BillingError
from pages.components.danger import danger_button
from pages.components.errors import show_failure
from pages.components.permission import guarded
from pages.components.rerun import request_page_rerun
from pages.components.text.markdown import plain
from pages.services import page_services

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

RETURN_PARAMS = ("success", "session_id", "canceled", "reference")


def canceled_banner(reference: str) -> None:
    """What was not bought, and the way back to it. Without a ``reference`` that is known it is
    said that something was not."""
    billing = page_services()
    session = None
    if reference:
        try:
            session = billing.call(lambda: billing.services.mirror.session_by_reference(reference))
        except BillingError as failure:
            show_failure(failure, "The session could not be loaded")
    with banner_row():
        st.warning(canceled_text(session), title="Canceled", icon=":material/undo:")
        if session and session.status == "open" and session.url:
            st.link_button(
                "Back to Checkout", session.url, type="primary", **guarded(Permission.PAY)
            )
            expire_popover(session)
        dismiss_button()
    if refusal := st.session_state.pop("expire_failure", None):
        show_failure(refusal, "The session was not expired")


def canceled_text(session: CheckoutSession | None) -> str:
    """What became of the session that Checkout was left for, as Markdown."""
    if session is None:
        return (
            "Checkout was closed before paying. A session stays open until it expires; its row in "
            "the table below leads to its link."
        )
    bought = f"**{plain(session.what)}, {plain(session.amount)}**"
    if session.status == "open":
        return f"{bought}: nothing has been paid. The session stays open until it expires."
    return f"{bought}: {plain(session.outcome.label.lower())} in the meantime."


def banner_row() -> DeltaGenerator:
    """A banner and its buttons, on one line where they fit."""
    return st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="returned")


def view_timeline_button(session: CheckoutSession) -> None:
    """The button that opens the session's drawer."""
    st.button(
        "View timeline",
        key="view_timeline",
        icon=":material/timeline:",
        on_click=on_view_timeline,
        args=(session.id,),
    )


def on_view_timeline(session_id: str) -> None:
    st.query_params["session"] = session_id
    request_page_rerun()


def dismiss_button() -> None:
    """The button that ends the banner."""
    st.button("Dismiss", key="dismiss", on_click=on_dismiss)


def on_dismiss() -> None:
    for name in RETURN_PARAMS:
        st.query_params.pop(name, None)
    request_page_rerun()


def expire_popover(session: CheckoutSession) -> None:
    """Asks whether to expire the session, and does."""
    with st.popover("Expire…", key="expire_popover", **guarded(Permission.EXPIRE)):
        st.markdown("Its link can no longer be used to pay. This cannot be undone.")
        danger_button(
            "Expire session", key="expire_canceled", on_click=on_expire, args=(session.id,)
        )


def on_expire(session_id: str) -> None:
    billing = page_services()
    try:
        billing.call(lambda: billing.services.sessions.expire(session_id))
    except BillingError as failure:
        st.session_state["expire_failure"] = failure
