"""The filters of the Audit page."""

from __future__ import annotations

import streamlit as st

from billing.domain.access import AuditFilter, AuditResult
from billing.errors import BillingError
from pages.components.audit.wording import ACTIONS, RESULTS, action_text, result_text
from pages.components.fold import folded_on_phones
from pages.components.query_params import QueryFilters, QueryParam, one_of
from pages.services import page_services

LONGEST = 300


def _text(value: str) -> str:
    return value.strip()[:LONGEST]


FILTERS = QueryFilters(
    "audit",
    (
        QueryParam("who", "person or program", _text),
        QueryParam("action", "action", one_of(ACTIONS.items())),
        QueryParam("result", "result", one_of((one.value, RESULTS[one]) for one in AuditResult)),
        QueryParam("object", "object", _text),
    ),
)


def audit_filter() -> AuditFilter:
    """Draw the filters; what they ask for."""
    FILTERS.restore()
    with (
        folded_on_phones("Filters", "audit_filters"),
        st.container(horizontal=True, vertical_alignment="center"),
    ):
        st.text_input(
            "Object",
            type="search",
            placeholder="ID of the object",
            max_chars=LONGEST,
            key=FILTERS.widget("object", FILTERS.value("object")),
            on_change=FILTERS.write,
            label_visibility="collapsed",
            width=215,
            help="The whole ID of a session, a payment, a subscription, an event, …",
        )
        _choice("Who", "who", {"": "Anybody"} | {name: name for name in _identities()}, 205)
        _choice("Action", "action", {"": "Any action"} | ACTIONS, 225)
        st.pills(
            "Result",
            list(AuditResult),
            format_func=result_text,
            key=FILTERS.widget("result", FILTERS.value("result") or None),
            on_change=FILTERS.write,
            label_visibility="collapsed",
        )
        if FILTERS.is_active:
            FILTERS.clear_button()
    FILTERS.show_ignored()
    who, action, result, about = map(FILTERS.value, ("who", "action", "result", "object"))
    return AuditFilter(identity=who, action=action, object_id=about, result=result)


def _choice(label: str, name: str, options: dict[str, str], width: int) -> None:
    chosen = FILTERS.value(name)
    st.selectbox(
        label,
        list(dict.fromkeys((*options, chosen))),
        format_func=lambda option: options.get(option) or action_text(option),
        key=FILTERS.widget(name, chosen),
        on_change=FILTERS.write,
        label_visibility="collapsed",
        width=width,
    )


def _identities() -> list[str]:
    billing = page_services()
    try:
        return billing.call(billing.services.access.audit.identities)
    except BillingError:
        return []  # the table below says that the database does not answer
