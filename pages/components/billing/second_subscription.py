"""The warning that somebody has paid for the Pro plan twice, and the button that mends it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from billing.domain.access import Permission
from billing.domain.sessions.checkout_session import CheckoutSession, Kind
from billing.errors import BillingError
from pages.components.danger import danger_button
from pages.components.errors import failure_lines, show_failure
from pages.components.frame.notices import Notice, Severity
from pages.components.permission import guarded
from pages.components.rerun import request_page_rerun
from pages.components.text.markdown import code
from pages.services import page_services

if TYPE_CHECKING:
    from billing.domain.ledger.second_pro import SecondPro

ICON = "group_work"
TITLE = "Two Pro subscriptions"
FAILED = "The second subscription was not ended"
_SHOWN = "second_subscription_shown"
_FAILURE = "second_subscription_failure"


def second_subscription_banner(session: CheckoutSession) -> None:
    """The warning where a session that was just paid began a second subscription."""
    billing = page_services()
    st.session_state[_SHOWN] = None
    if failure := st.session_state.get(f"{_FAILURE}_banner"):
        show_failure(failure, FAILED)
    if session.kind is not Kind.PRO or not session.is_paid:
        return
    try:
        found = billing.call(lambda: billing.services.second_subscriptions.of_session(session.id))
    except BillingError:
        return  # the banner above and the table below say what is wrong
    if found is None:
        return
    st.session_state[_SHOWN] = found.second.id
    whose = f"{code(session.customer_email)} " if session.customer_email else "This customer "
    with st.container(horizontal=True, vertical_alignment="center", key="second_subscription"):
        st.warning(
            f"{whose}already had {code(found.first.id)}: this session began another subscription "
            "for the same plan.",
            title=TITLE,
            icon=f":material/{ICON}:",
        )
        end_button(found, "banner")


def second_subscription() -> Notice | None:
    """A Customer has two, whoever paid for them and wherever."""
    billing = page_services()
    if not billing.services.settings.stripe_is_configured:
        return None
    try:
        found = billing.call(billing.services.second_subscriptions.all)
    except BillingError:
        return None
    shown = st.session_state.get(_SHOWN) if "session_id" in st.query_params else None
    others = [one for one in found if one.second.id != shown]
    if not others:
        return None
    newest = others[0]
    action = partial(end_button, newest)
    if failure := st.session_state.get(f"{_FAILURE}_notice"):
        return Notice(Severity.ERROR, FAILED, " ".join(failure_lines(failure)), ICON, action)
    whose = code(newest.second.customer or "")
    text = f"{whose} pays for {code(newest.first.id)} and for {code(newest.second.id)}."
    return Notice(Severity.WARNING, TITLE, text, ICON, action)


def end_button(found: SecondPro, place: str = "notice") -> None:
    """The button that refunds and cancels the second one."""
    danger_button(
        "Refund and cancel the second",
        key=f"end_second_{place}",
        on_click=on_end,
        args=(found.second.id, place),
        **guarded(Permission.REFUND),
    )


def on_end(subscription: str, place: str) -> None:
    billing = page_services()
    st.session_state.pop(f"{_FAILURE}_{place}", None)
    try:
        billing.call(lambda: billing.services.second_subscriptions.end(subscription))
    except BillingError as failure:
        st.session_state[f"{_FAILURE}_{place}"] = failure
    if place == "banner":
        request_page_rerun()
