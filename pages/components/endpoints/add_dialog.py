"""Adding an endpoint: its URL, how much its events hold, and which types it receives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from billing.domain.access import Permission
from billing.domain.events.endpoint import EVERY_TYPE, EndpointSecret, Payload
from pages.components.endpoints.secret import show_secret
from pages.components.errors import show_failure
from pages.components.permission import guarded
from pages.components.press import Press
from pages.services import page_services

if TYPE_CHECKING:
    from collections.abc import Sequence

PRESS = "endpoint_add"
HANDLED, ALL, CHOSEN = "Handled by this dashboard", "All", "Chosen"
PAYLOADS = {
    Payload.SNAPSHOT: "Each event holds its object as it was.",
    Payload.THIN: "Each event names its object alone. Stripe recommends them.",
}


def add_dialog() -> None:
    """The button, and the dialog that it opens: a rerun of the page does not close it."""
    if st.button(
        "Add endpoint…", key="add_endpoint", icon=":material/add:", **guarded(Permission.SET_UP)
    ):
        st.session_state[PRESS] = Press[EndpointSecret]()
    if PRESS in st.session_state:
        st.dialog("Add an endpoint", width="medium", on_dismiss=_close)(_content)()


def _close() -> None:
    st.session_state.pop(PRESS, None)


def _content() -> None:
    press: Press[EndpointSecret] | None = st.session_state.get(PRESS)
    if press is None:  # a button has closed it, and the whole page is drawn without it
        st.rerun()
    if press.created:
        show_secret(press.created, title="Endpoint added")
        st.button("Done", key="endpoint_done", on_click=_close)
        return
    endpoints = page_services().services.endpoints
    st.text_input(
        "URL",
        key="endpoint_url",
        placeholder="https://example.com/webhook",
        help="In test mode Stripe delivers to http and https; in live mode to https alone.",
    )
    st.radio(
        "Events",
        list(PAYLOADS),
        captions=list(PAYLOADS.values()),
        format_func=lambda payload: payload.label,
        key="endpoint_payload",
    )
    which = st.segmented_control(
        "Types of event",
        [HANDLED, ALL, CHOSEN],
        default=HANDLED,
        required=True,
        key="endpoint_types",
    )
    if which == CHOSEN:
        st.multiselect(
            "Chosen types",
            endpoints.known_types,
            key="endpoint_chosen",
            placeholder="checkout.session.completed",
        )
    elif which == HANDLED:
        st.caption(f"{len(endpoints.handled_types)} types of event.")
    with st.container(horizontal=True):
        st.button("Add", key="endpoint_add_now", type="primary", on_click=_on_add)
        st.button("Cancel", key="endpoint_cancel", on_click=_close)
    if press.failure:
        show_failure(press.failure, "Nothing was added")


def _on_add() -> None:
    billing, chosen = page_services(), st.session_state
    press: Press[EndpointSecret] = chosen[PRESS]
    url, payload, types = chosen["endpoint_url"], chosen["endpoint_payload"], _types()
    add = billing.services.endpoints.add
    press.attempt(lambda key: billing.call(lambda: add(url, payload, types, idempotency_key=key)))


def _types() -> Sequence[str]:
    which = st.session_state["endpoint_types"]
    if which == CHOSEN:
        chosen: list[str] = st.session_state.get("endpoint_chosen", [])
        return chosen
    return EVERY_TYPE if which == ALL else page_services().services.endpoints.handled_types
