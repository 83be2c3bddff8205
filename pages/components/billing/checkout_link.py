"""What takes the place of a button once it was pressed: the way to Checkout, or what came of it."""

from __future__ import annotations

import time

import streamlit as st

from billing.changes.topics import Topic
from billing.domain.access import Permission
from billing.domain.sessions.checkout_session import CheckoutSession, Kind, Outcome
from pages.components.billing.order import Order, clear_order
from pages.components.browser.copy_button import copy_button
from pages.components.browser.copyable import copyable
from pages.components.browser.open_url import open_url
from pages.components.browser.preference import preference, preference_toggle
from pages.components.live import live
from pages.components.permission import guarded
from pages.components.sessions.actions import link_and_qr
from pages.components.text.markdown import plain
from pages.components.text.times import exact_time
from pages.services import page_services

OPEN_AT_ONCE = "billing_open_checkout"
SENT_WITHIN = 5.0  # seconds
TEST_CARD = "4242 4242 4242 4242"


def open_at_once_toggle() -> None:
    """The switch for opening Checkout with the first press, which the browser remembers."""
    preference_toggle(
        OPEN_AT_ONCE,
        "Open Checkout with the first press",
        **guarded(
            Permission.SELL,
            "In this tab, without showing its link. This browser remembers your choice.",
        ),
    )


@live(Topic.SESSIONS)
def checkout_link(kind: Kind, order: Order, created: CheckoutSession) -> None:
    """The link to Checkout, until the session is paid or has expired, or a reset deletes it."""
    billing = page_services()
    stored = billing.call(lambda: billing.services.mirror.session(created.id))
    if order.is_stored and stored is None:
        clear_order(kind)
        st.rerun()
    order.is_stored = stored is not None
    session = stored or created
    if session.status == "open" and session.url:
        open_session(kind, order, session, session.url)
    else:
        with st.container(
            horizontal=True, gap="xsmall", vertical_alignment="center", key=f"ended_{kind}"
        ):
            st.markdown(ending(session), width="stretch")
            start_over(kind)


def open_session(kind: Kind, order: Order, session: CheckoutSession, url: str) -> None:
    """The buttons for a link that can be paid, and what to pay with."""
    with st.container(horizontal=True, gap="xsmall", key=f"checkout_{kind}"):
        st.link_button(
            "Open Checkout",
            url,
            type="primary",
            icon=":material/open_in_new:",
            icon_position="right",
            width="stretch",
            help=f"Valid until {plain(exact_time(session.expires_at))}",
        )
        copy_button("Copy link", url, key=f"copy_{kind}")
        with st.popover("QR", icon=":material/qr_code_2:", key=f"qr_{kind}"):
            link_and_qr(url)
        start_over(kind)
    with st.container(
        horizontal=True, vertical_alignment="center", gap="xxsmall", key=f"test_card_{kind}"
    ):
        st.markdown(":small[Pay with]", width="content")
        copyable(TEST_CARD, key=f"card_{kind}", width=205)
        st.page_link(
            "test_kit.py", label=":small[More outcomes]", query_params={"show": "Test cards"}
        )
    if preference(OPEN_AT_ONCE):
        now = time.monotonic()
        order.sent_at = order.sent_at or now
        # A run that follows at once must not take it away; on coming back to this page one stays.
        if now - order.sent_at < SENT_WITHIN:
            open_url(url)


def start_over(kind: Kind) -> None:
    """The button for another session."""
    pressed = st.button(
        "Start over",
        key=f"new_{kind}",
        icon=":material/refresh:",
        on_click=clear_order,
        args=(kind,),
    )
    if pressed:
        st.rerun()


def ending(session: CheckoutSession) -> str:
    """What came of the session, as Markdown."""
    match session.outcome:
        case Outcome.PAID:
            what = f"{session.what} paid: {plain(session.amount)}"
            return f":green[:material/check_circle:] {what}"
        case outcome if outcome.was_paid:
            what = f"{session.what} paid: {plain(session.amount)}"
            return f"{what}, {plain(session.went_back)} since"
        case Outcome.FAILED:
            reason = plain(session.failure or "")
            return f":red[:material/cancel:] The payment failed. {reason}"
        case Outcome.PROCESSING:
            return ":orange[:material/hourglass_top:] The payment is processing."
        case _:
            return ":gray[:material/timer_off:] This session has expired."
