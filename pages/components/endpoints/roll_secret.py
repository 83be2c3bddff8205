"""Rolling an endpoint's secret: by one press in the sandbox, by a second endpoint at Stripe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from billing.domain.access import Permission
from billing.domain.events.endpoint import EndpointSecret
from billing.endpoints.rolling import VALID_SECONDS
from pages.components.endpoints.secret import show_secret, where_it_goes
from pages.components.errors import show_failure
from pages.components.permission import guarded
from pages.components.press import Press
from pages.components.text.markdown import link
from pages.services import page_services

if TYPE_CHECKING:
    from collections.abc import Callable

    from billing.domain.events.endpoint import Endpoint

PRESS = "endpoint_roll"
VALIDITY = dict(zip(("Not at all", "1 hour", "24 hours"), VALID_SECONDS, strict=True))
DASHBOARD = "https://dashboard.stripe.com/test/workbench/webhooks"


def roll_secret(endpoint: Endpoint) -> None:
    """The button that says what happens, and asks; none beside its result."""
    if (press := st.session_state.get(PRESS)) and press.created:
        return
    is_embedded = page_services().services.settings.is_embedded
    with st.popover(
        "Roll secret…", key="roll_secret", icon=":material/key:", **guarded(Permission.SET_UP)
    ):
        if is_embedded:
            st.segmented_control(
                "The former secret stays valid",
                list(VALIDITY),
                default="1 hour",
                required=True,
                key="roll_validity",
                help="Until then each delivery is signed with both secrets.",
            )
            _button("Roll secret", _on_roll, endpoint.id)
        else:
            dashboard = link("its Dashboard", f"{DASHBOARD}/{endpoint.id}")
            st.markdown(
                "Stripe's API cannot roll a secret. A second endpoint is created at the same URL, "
                "turned off, and its secret shown once; this page then says what comes next until "
                f"it replaces this one. Or roll the secret by {dashboard}."
            )
            _button("Create the second endpoint", _on_start, endpoint.id)


def rolled_secret(endpoint: Endpoint) -> None:
    """The result of the last press."""
    press: Press[EndpointSecret] | None = st.session_state.get(PRESS)
    if press and press.failure:
        show_failure(press.failure, "The secret was not rolled")
    if not (press and press.created):
        return
    if press.created.id == endpoint.id:
        show_secret(press.created, title="Secret rolled", takes_it_by_itself=endpoint.leads_here)
        return
    show_secret(press.created, title="Second endpoint created, turned off")
    if endpoint.leads_here:
        st.markdown(f"{where_it_goes()} The page behind says what comes next.")


def _button(label: str, on_click: Callable[[str], None], endpoint_id: str) -> None:
    st.button(label, key="roll_secret_now", type="primary", on_click=on_click, args=(endpoint_id,))


def _on_roll(endpoint_id: str) -> None:
    billing, seconds = page_services(), VALIDITY[st.session_state["roll_validity"]]
    roll = billing.services.endpoints.rolls.roll_in_sandbox
    _press().attempt(lambda _key: billing.call(lambda: roll(endpoint_id, seconds)))


def _on_start(endpoint_id: str) -> None:
    billing = page_services()
    start = billing.services.endpoints.rolls.start
    _press().attempt(lambda key: billing.call(lambda: start(endpoint_id, idempotency_key=key)))


def _press() -> Press[EndpointSecret]:
    """The press under way; another one once that has led to a secret."""
    press: Press[EndpointSecret] | None = st.session_state.get(PRESS)
    if press is None or press.created:
        press = st.session_state[PRESS] = Press[EndpointSecret]()
    return press
