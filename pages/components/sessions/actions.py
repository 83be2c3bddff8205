"""What can be done with a session: open, copy, scan or expire its link, duplicate it, and what
follows its sale."""

from __future__ import annotations

import io
from functools import lru_cache
from urllib.parse import urlsplit

import segno
import streamlit as st

from billing.domain.access import Permission
from billing.domain.sessions.checkout_session import CheckoutSession
from billing.domain.sessions.details import SessionDetails
from billing.errors import BillingError, InvalidInput
from pages.components.actions.menu import action_buttons, action_dialog
from pages.components.actions.target import Target
from pages.components.current_user import current_user
from pages.components.danger import danger_button
from pages.components.errors import show_failure
from pages.components.permission import guarded
from pages.components.press import Press
from pages.components.rerun import request_page_rerun
from pages.components.text.markdown import code, plain
from pages.services import page_services

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")


def session_actions(details: SessionDetails) -> None:
    """The buttons for what its status allows."""
    session = details.session
    is_open = session.status == "open" and bool(session.url)
    is_sold = session.is_paid and session.kind is not None
    target, sale = Target(session=session.id), None
    with st.container(horizontal=True, gap="xsmall"):  # three fit in a phone's row
        if is_open and session.url:
            st.link_button(
                "Open Checkout",
                session.url,
                type="primary",
                icon=":material/open_in_new:",
                icon_position="right",
                **guarded(Permission.PAY),
            )
            with st.popover(
                "Link and QR code",
                icon=":material/qr_code_2:",
                key="qr_popover",
                **guarded(Permission.PAY),
            ):
                link_and_qr(session.url)
            st.button(
                "Expire…",
                key="expire",
                icon=":material/timer_off:",
                on_click=confirm_expire,
                args=(session.id,),
                **guarded(Permission.EXPIRE),
            )
        if is_sold:
            sale = action_buttons(target)
        if session.kind:
            st.button(
                "Duplicate",
                key="duplicate",
                icon=":material/content_copy:",
                on_click=on_duplicate,
                args=(session, duplicate_press(session.id)),
                **guarded(Permission.SELL),
            )
    if sale:
        action_dialog(target, sale)
    if is_open and st.session_state.get("session_expiring") == session.id:
        with st.container(border=True, key="confirm_expire"):
            st.markdown(
                "Expire this session? Its link can no longer be used to pay. This cannot be undone."
            )
            with st.container(horizontal=True):
                danger_button(
                    "Expire session", key="expire_now", on_click=on_expire, args=(session.id,)
                )
                st.button("Keep open", key="keep_open", on_click=keep_open)


def link_and_qr(url: str) -> None:
    """The link to copy, and to scan with a phone."""
    st.code(url, language=None, wrap_lines=True)
    qr_image(url)


def qr_image(url: str) -> None:
    """The link to scan with a phone."""
    st.image(qr_code(url), width=240, alt="QR code of the Checkout link")
    if urlsplit(url).hostname in LOOPBACK_HOSTS:
        st.caption("This link works on this computer only; other devices cannot open it.")


@lru_cache(maxsize=32)  # a drawer is drawn again and again
def qr_code(url: str) -> str:
    """The link as an SVG, dark on white whatever the theme, as scanners want it."""
    drawing = io.BytesIO()
    segno.make_qr(url, error="l").save(
        drawing, kind="svg", scale=4, border=3, dark="#000", light="#fff", xmldecl=False
    )
    return drawing.getvalue().decode()


def confirm_expire(session_id: str) -> None:
    st.session_state["session_expiring"] = session_id


def keep_open() -> None:
    st.session_state.pop("session_expiring", None)


def on_expire(session_id: str) -> None:
    """Expire it; the next run shows the result."""
    keep_open()
    billing = page_services()
    try:
        billing.call(lambda: billing.services.sessions.expire(session_id))
    except BillingError as failure:
        st.session_state["session_result"] = (session_id, failure)
    else:
        st.session_state["session_result"] = (session_id, "The session was expired.")
    for name in ("session_lookup", "session_numbers"):
        st.session_state.pop(name, None)


def duplicate_press(session_id: str) -> Press[CheckoutSession]:
    """The press of Duplicate for this session: the same one until it has created another."""
    presses: dict[str, Press[CheckoutSession]]
    presses = st.session_state.setdefault("duplicate_presses", {})
    press = presses.get(session_id)
    if press is None or press.created:
        press = presses[session_id] = Press()
    return press


def on_duplicate(session: CheckoutSession, press: Press[CheckoutSession]) -> None:
    """Create another like it, which the drawer then shows."""
    billing, made_by = page_services(), current_user()
    press.attempt(
        lambda key: billing.call(
            lambda: billing.services.sessions.duplicate(
                session, idempotency_key=key, made_by=made_by
            )
        )
    )
    if press.created is None:
        st.session_state["session_result"] = (session.id, press.failure)
        return
    created_id = press.created.id
    text = f"Created as a duplicate of {code(session.id)}."
    st.session_state["session_result"] = (created_id, text)
    request_page_rerun()  # its drawer shows the new session
    st.session_state.pop("session_numbers", None)
    st.query_params["session"] = created_id


def show_result(session_id: str) -> None:
    """The result of the last action, while the drawer shows the session that it was about."""
    about, result = st.session_state.get("session_result", ("", None))
    if about != session_id or result is None:
        return
    if isinstance(result, InvalidInput):
        st.warning(
            f"{plain(result.message)} {plain(result.next_step)}",
            title="Not possible",
            icon=":material/group:",
        )
    elif isinstance(result, BillingError):
        show_failure(result, "The action failed")
    else:
        st.success(result, icon=":material/check:")
