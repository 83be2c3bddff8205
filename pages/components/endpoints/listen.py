"""Sending events to another program on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from billing.domain.access import Permission
from billing.domain.events.endpoint import EndpointSecret
from pages.components.endpoints.secret import show_secret
from pages.components.errors import show_failure
from pages.components.permission import guarded
from pages.components.press import Press
from pages.services import page_services

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

PRESS = "endpoint_listen"
PORT, PATH = "listen_port", "listen_path"


def listen_card() -> None:
    """One field for the port and the path; with Stripe, the command that does it."""
    with st.container(border=True, gap="small"):
        st.header("Listen on another port of this machine", anchor=False)
        if page_services().services.settings.is_embedded:
            _listen()
        else:
            st.fragment(_command)()


def _command() -> None:
    st.markdown(
        "Stripe cannot reach this machine. Its command line fetches the events and forwards them "
        "to a program here, signed with the secret that it prints:"
    )
    _fields()
    port, path = st.session_state[PORT], st.session_state[PATH].strip().removeprefix("/")
    st.code(f"stripe listen --forward-to localhost:{port}/{path}", language=None, wrap_lines=True)


def _fields() -> DeltaGenerator:
    """The port and the path; the row that they stand in."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    with row:
        st.number_input("Port", 1, 65_535, value=4242, key=PORT, width=130)
        st.text_input("Path", value="/webhook", key=PATH, max_chars=500, width=260)
    return row


def _listen() -> None:
    st.markdown(
        "A program that is written for Stripe gets every event of the sandbox at this port, as "
        "with `stripe listen`."
    )
    _fields().button(
        "Send events there",
        key="listen",
        icon=":material/podcasts:",
        on_click=_on_listen,
        **guarded(Permission.SET_UP),
    )
    press: Press[EndpointSecret] | None = st.session_state.get(PRESS)
    if press and press.failure:
        show_failure(press.failure, "No events are sent there")
    if press and press.created:
        show_secret(press.created, title="Events are sent there")
        st.button("Done", key="listen_done", on_click=_on_done)


def _on_listen() -> None:
    billing = page_services()
    press: Press[EndpointSecret] | None = st.session_state.get(PRESS)
    if press is None or press.created:  # another program
        press = st.session_state[PRESS] = Press[EndpointSecret]()
    port, path = st.session_state[PORT], st.session_state[PATH]
    listen = billing.services.endpoints.listen
    press.attempt(lambda key: billing.call(lambda: listen(port, path, idempotency_key=key)))


def _on_done() -> None:
    st.session_state.pop(PRESS, None)
