"""What can be done with a session: open, copy, scan or expire its link, make the same again."""

from __future__ import annotations

import io
from urllib.parse import urlsplit

import segno
import streamlit as st

from billing.domain.checkout_session import CheckoutSession
from billing.errors import BillingError, InvalidInput
from billing.sessions.timeline import SessionDetails
from pages.components.current_user import current_user
from pages.components.errors import show_failure
from pages.components.markdown import code, plain
from pages.components.press import Press
from pages.services import page_services

ONLY_HERE = ("localhost", "127.0.0.1", "::1")


def session_actions(details: SessionDetails) -> None:
    """The buttons that fit how the session stands."""
    session = details.session
    is_open = session.status == "open" and bool(session.url)
    with st.container(horizontal=True, gap="small"):
        if is_open and session.url:
            st.link_button(
                "Open Checkout",
                session.url,
                type="primary",
                icon=":material/open_in_new:",
                icon_position="right",
            )
            with st.popover("Link and QR code", icon=":material/qr_code_2:", key="qr_popover"):
                link_and_qr(session.url)
            st.button(
                "Expire…",
                key="expire",
                icon=":material/timer_off:",
                on_click=ask_to_expire,
                args=(session.id,),
            )
        if session.kind:
            st.button(
                "Duplicate",
                key="same_again",
                icon=":material/content_copy:",
                on_click=create_the_same,
                args=(session, current_press(session.id)),
            )
    if is_open and st.session_state.get("session_expiring") == session.id:
        with st.container(border=True, key="confirm_expire"):
            st.markdown(
                "Expire this session? Its link can no longer be used to pay. This cannot be undone."
            )
            with st.container(horizontal=True):
                st.button(
                    "Expire session",
                    key="expire_now",
                    type="primary",
                    on_click=expire,
                    args=(session.id,),
                )
                st.button("Keep open", key="keep_open", on_click=keep_open)
    if st.session_state.pop("session_made", False):
        st.rerun()  # the whole page: the new session is looked at now


def link_and_qr(url: str) -> None:
    """The link to copy, and to scan with a phone."""
    st.code(url, language=None, wrap_lines=True)
    st.image(qr_code(url), width=240, alt="QR code of the Checkout link")
    if urlsplit(url).hostname in ONLY_HERE:
        st.caption("This link works on this computer only; other devices cannot open it.")


def qr_code(url: str) -> str:
    """The link as an SVG, dark on white whatever the theme, as scanners want it."""
    drawing = io.BytesIO()
    segno.make_qr(url, error="l").save(
        drawing, kind="svg", scale=4, border=3, dark="#000", light="#fff", xmldecl=False
    )
    return drawing.getvalue().decode()


def ask_to_expire(session_id: str) -> None:
    st.session_state["session_expiring"] = session_id


def keep_open() -> None:
    st.session_state.pop("session_expiring", None)


def expire(session_id: str) -> None:
    """Expire it, and keep what came of that for the next run to tell."""
    keep_open()
    billing = page_services()
    try:
        billing.call(lambda: billing.services.sessions.expire(session_id))
    except BillingError as failure:
        st.session_state["session_said"] = (session_id, failure)
    else:
        st.session_state["session_said"] = (session_id, "The session was expired.")
    for name in ("session_asked", "session_numbers"):
        st.session_state.pop(name, None)


def current_press(session_id: str) -> Press[CheckoutSession]:
    """The press for another session like this one; as long as none was created, the same."""
    presses: dict[str, Press[CheckoutSession]]
    presses = st.session_state.setdefault("presses_for_the_same", {})
    press = presses.get(session_id)
    if press is None or press.created:
        press = presses[session_id] = Press()
    return press


def create_the_same(session: CheckoutSession, press: Press[CheckoutSession]) -> None:
    """Create it, and have the address name the new one."""
    billing, made_by = page_services(), current_user()
    press.attempt(
        lambda key: billing.call(
            lambda: billing.services.sessions.duplicate(
                session, idempotency_key=key, made_by=made_by
            )
        )
    )
    if press.created is None:
        st.session_state["session_said"] = (session.id, press.failure)
        return
    created = press.created.id
    st.session_state["session_said"] = (created, f"Created as a duplicate of {code(session.id)}.")
    st.session_state["session_made"] = True
    st.session_state.pop("session_numbers", None)
    st.query_params["session"] = created


def show_result(session_id: str) -> None:
    """What came of the last press, as long as this session is looked at."""
    about, said = st.session_state.get("session_said", ("", None))
    if about != session_id or said is None:
        return
    if isinstance(said, InvalidInput):
        st.warning(
            f"{plain(said.message)} {plain(said.next_step)}",
            title="Not possible",
            icon=":material/group:",
        )
    elif isinstance(said, BillingError):
        show_failure(said, "The action failed")
    else:
        st.success(said, icon=":material/check:")
