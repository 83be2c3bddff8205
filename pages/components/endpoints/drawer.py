"""One endpoint in a drawer: its facts, how deliveries to it go, and what can be done with it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from billing.domain.access import Permission
from billing.domain.events.delivery_health import Level
from billing.errors import BillingError
from pages.components.browser.copyable import copyable
from pages.components.danger import danger_button
from pages.components.endpoints.columns import (
    HERE,
    STATE_COLORS,
    state_of,
    types_text,
    version_text,
)
from pages.components.endpoints.roll_secret import roll_secret, rolled_secret
from pages.components.errors import show_failure
from pages.components.permission import guarded
from pages.components.setup.event_types import listed_types
from pages.components.text.markdown import code, plain
from pages.components.text.times import exact_time, short_time
from pages.services import page_services

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from billing.domain.events.endpoint import Endpoint, SandboxDeliveries

LONGEST_ID = 300
FAILURE = "endpoint_failure"


def endpoint_drawer() -> None:
    """Open the endpoint that the address names, if it names one."""
    endpoint_id = st.query_params.get("endpoint", "").strip()[:LONGEST_ID]
    if endpoint_id:
        drawer = st.dialog("Endpoint", width="medium", position="right", on_dismiss=close_drawer)
        drawer(_drawer)(endpoint_id)


def close_drawer() -> None:
    """The drawer was closed: the address names no endpoint, and a secret is shown no more."""
    st.query_params.pop("endpoint", None)
    for name in (FAILURE, "endpoint_roll", "endpoint_deleted"):
        st.session_state.pop(name, None)


def _drawer(endpoint_id: str) -> None:
    if st.session_state.get("endpoint_deleted") == endpoint_id:
        close_drawer()
        st.rerun()
    billing = page_services()
    try:
        found = billing.call(billing.services.endpoints.find)
    except BillingError as failure:
        show_failure(failure, "The endpoint could not be loaded")
        return
    endpoint = found.get(endpoint_id)
    if endpoint is None:
        st.warning(
            f"Stripe has no endpoint {code(endpoint_id)} in this account.",
            title="Endpoint not found",
            icon=":material/help:",
        )
        return
    _facts(endpoint)
    rolled_secret(endpoint)
    if last := st.session_state.pop(FAILURE, None):
        show_failure(last, "Nothing was changed")
    if endpoint.deliveries:
        _deliveries(endpoint, endpoint.deliveries)
    elif endpoint.leads_here:
        _arrivals(endpoint, found.arrivals.get(endpoint.payload))
    _actions(endpoint)


def _facts(endpoint: Endpoint) -> None:
    state = state_of(endpoint)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":{STATE_COLORS[state]}-badge[{state}]", width="content")
        if endpoint.leads_here:
            st.markdown(f":blue-badge[{HERE}]", width="content")
    if endpoint.is_built_in:
        st.caption(
            "The local sandbox brought this endpoint: by it this dashboard hears of payments at "
            "once. It is created again whenever the app starts."
        )
    facts = {
        "Payload": endpoint.payload.label,
        "API version": plain(version_text(endpoint)),
        "Description": plain(endpoint.description) or "None",
        "Types of event": types_text(endpoint),
    }
    st.table(facts, border="horizontal", alt="Endpoint")
    for label, text in (("URL", endpoint.url), ("Endpoint ID", endpoint.id)):
        with st.container(horizontal=True, vertical_alignment="center", wrap=False):
            st.markdown(f":small[{label}]", width=80)
            copyable(text, key=label.replace(" ", "_"))
    if "*" not in endpoint.enabled_events:
        with st.expander(f"Receives {_types(len(endpoint.enabled_events))}"):
            st.markdown(listed_types(endpoint.enabled_events))
    if endpoint.missing:
        number = _types(len(endpoint.missing))
        with st.expander(f"Does not receive {number} that this dashboard handles"):
            st.markdown(f"{listed_types(endpoint.missing)}.")
            if endpoint.leads_here:
                st.page_link("setup.py", label="Add them on Setup", icon=":material/tune:")


def _types(number: int) -> str:
    return f"{number:,} type{'' if number == 1 else 's'} of event"


def _deliveries(endpoint: Endpoint, deliveries: SandboxDeliveries) -> None:
    """How the sandbox's deliveries to it go."""
    waiting, failed = deliveries.waiting, deliveries.failed
    counts = f"{waiting:,} waiting, {failed:,} failed for good."
    if deliveries.failing_since and endpoint.is_enabled:
        following = (
            f" Next attempt at {plain(short_time(deliveries.next_attempt))}."
            if deliveries.next_attempt
            else ""
        )
        st.error(
            f"{plain(deliveries.reason)} {counts}{following}",
            title=f"Failing since {short_time(deliveries.failing_since)}",
            icon=":material/error:",
        )
    else:
        st.markdown(f"Deliveries: {counts}")
    if until := deliveries.former_secret_until:
        st.markdown(
            ":material/key: Deliveries are signed with two secrets: the former one is valid until "
            f"{plain(short_time(until))}."
        )


def _arrivals(endpoint: Endpoint, arrived: float | None) -> None:
    """What this app itself knows of the deliveries to it, whichever Stripe sends them."""
    payload = endpoint.payload.label.lower()
    st.markdown(
        f"The last {payload} event arrived here at {plain(exact_time(arrived))}."
        if arrived
        else f"No {payload} event has arrived here yet."
    )
    billing = page_services()
    try:
        health = billing.call(billing.services.event_log.delivery_health)
    except BillingError as failure:
        show_failure(failure, "The state of webhooks could not be loaded")
        return
    if health.level in (Level.WARNING, Level.WRONG):
        text = f"{plain(health.text)} {plain(health.next_step)}"
        st.warning(text, title=plain(health.title), icon=":material/warning:")


def _actions(endpoint: Endpoint) -> None:
    endpoints = page_services().services.endpoints
    with st.container(horizontal=True):
        if not endpoint.is_enabled:
            _button("Turn on", "power_settings_new", partial(endpoints.enable, endpoint.id))
        else:
            with st.popover("Turn off…", key="endpoint_off", **guarded(Permission.SET_UP)):
                st.markdown(f"Turn off {code(endpoint.id)}? {_what_breaks(endpoint)}")
                _button("Turn it off", "pause", partial(endpoints.disable, endpoint.id))
        roll_secret(endpoint)
        _delete(endpoint)


def _delete(endpoint: Endpoint) -> None:
    why = "The sandbox's own endpoint to this dashboard cannot be deleted. Turn it off instead."
    guard = guarded(
        Permission.SET_UP, why if endpoint.is_built_in else None, disabled=endpoint.is_built_in
    )
    with st.popover("Delete…", key="endpoint_delete", icon=":material/delete:", **guard):
        st.markdown(
            f"Delete {code(endpoint.id)} and what waits to be delivered to it? "
            f"{_what_breaks(endpoint)} This cannot be undone."
        )
        danger_button(
            "Delete endpoint",
            key="endpoint_delete_now",
            icon=":material/delete:",
            on_click=_on_delete,
            args=(endpoint.id,),
        )


def _what_breaks(endpoint: Endpoint) -> str:
    if not endpoint.leads_here:
        return "The program at its URL gets no more events by it."
    return (
        "**By it this dashboard hears of payments:** without it polling finds them, seconds later, "
        "and scenarios of the Test kit that test webhooks fail."
    )


def _button(label: str, icon: str, change: Callable[[], Awaitable[None]]) -> None:
    st.button(
        label,
        key="endpoint_turn",
        icon=f":material/{icon}:",
        on_click=_on_press,
        args=(change,),
        **guarded(Permission.SET_UP),
    )


def _on_press(change: Callable[[], Awaitable[None]]) -> None:
    try:
        page_services().call(change)
    except BillingError as failure:
        st.session_state[FAILURE] = failure


def _on_delete(endpoint_id: str) -> None:
    _on_press(partial(page_services().services.endpoints.delete, endpoint_id))
    if FAILURE not in st.session_state:
        st.session_state["endpoint_deleted"] = endpoint_id
