"""The filters of the Audit page."""

from __future__ import annotations

import streamlit as st

from billing.domain.access import AuditFilter, AuditResult
from billing.errors import BillingError
from pages.components.audit.wording import ACTIONS, RESULTS, result_text
from pages.components.fold import folded_on_phones
from pages.components.query_params import QueryFilters, QueryParam, at_most, one_of
from pages.services import page_services

LONGEST = 300


FILTERS = QueryFilters(
    "audit",
    (
        QueryParam("who", "person or program", at_most(LONGEST)),
        QueryParam("action", "action", one_of(ACTIONS.items())),
        QueryParam("result", "result", one_of((one.value, RESULTS[one]) for one in AuditResult)),
        QueryParam("object", "object", at_most(LONGEST)),
    ),
)


def audit_filter() -> AuditFilter:
    """Draw the filters; what they ask for."""
    FILTERS.restore()
    with (
        folded_on_phones("Filters", "audit_filters"),
        st.container(horizontal=True, vertical_alignment="center"),
    ):
        FILTERS.search(
            "object",
            "Object",
            longest=LONGEST,
            placeholder="ID of the object",
            help="The whole ID of a session, a payment, a subscription, an event, …",
            width=215,
        )
        anybody = {"": "Anybody"} | {name: name for name in _identities()}
        FILTERS.choice("who", "Who", anybody, label_visibility="collapsed", width=205)
        actions = {"": "Any action"} | ACTIONS
        FILTERS.choice("action", "Action", actions, label_visibility="collapsed", width=225)
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


def _identities() -> list[str]:
    billing = page_services()
    try:
        return billing.call(billing.services.access.audit.identities)
    except BillingError:
        return []  # the table below says that the database does not answer
