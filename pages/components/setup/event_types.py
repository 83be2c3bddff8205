"""The types of event that the webhook endpoint lacks: which, and a button that adds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from billing.domain.access import Permission
from billing.errors import BillingError
from pages.components.errors import show_failure
from pages.components.permission import guarded
from pages.components.text.markdown import code
from pages.services import page_services

if TYPE_CHECKING:
    from collections.abc import Iterable

FAILURE = "event_types_failure"


def listed_types(types: Iterable[str]) -> str:
    """The types one after the other, as Markdown."""
    return ", ".join(map(code, types))


def add_event_types(lacking: tuple[str, ...]) -> None:
    """The button that shows them and asks; then it adds them and has everything checked again."""
    label = f"Add {len(lacking)} type{'' if len(lacking) == 1 else 's'} of event…"
    with st.popover(
        label, icon=":material/add:", key="add_event_types", **guarded(Permission.SET_UP)
    ):
        st.markdown(f"The endpoint will receive these as well: {listed_types(lacking)}.")
        st.button("Add them", key="add_event_types_now", type="primary", on_click=_on_add)
    if failure := st.session_state.pop(FAILURE, None):
        show_failure(failure, "Nothing was added")


def _on_add() -> None:
    billing = page_services()
    try:
        billing.call(billing.services.account_setup.add_event_types)
    except BillingError as failure:
        st.session_state[FAILURE] = failure
    else:
        st.session_state.pop("setup_report", None)
