"""The filters of the Customers page."""

from __future__ import annotations

import streamlit as st

from billing.domain.customers.customer import ProStatus
from billing.domain.customers.page import CustomerFilter
from pages.components.fold import folded_on_phones
from pages.components.query_params import QueryFilters, QueryParam, at_most, one_of
from pages.components.text.chips import pro_text

LONGEST_SEARCH = 200
REFUNDS, DISPUTES = "refunds", "disputes"
PRO = {status.value: pro_text(status) for status in ProStatus}
WITH = {REFUNDS: "With refunds", DISPUTES: "With disputes"}

FILTERS = QueryFilters(
    "customers",
    (
        QueryParam("q", "search", at_most(LONGEST_SEARCH)),
        QueryParam("pro", "Pro status", one_of((one.value, one.label) for one in ProStatus)),
        QueryParam("with", "filter", one_of(WITH.items())),
    ),
)


def customer_filter() -> CustomerFilter:
    """Draw the filters; what they ask for."""
    FILTERS.restore()
    with (
        folded_on_phones("Filters", "customer_filters"),
        st.container(horizontal=True, vertical_alignment="center"),
    ):
        search = FILTERS.search(
            "q",
            "Search",
            longest=LONGEST_SEARCH,
            placeholder="Email or customer ID",
            help=(
                "Any part of an email or of a customer ID, among the 20,000 customers who were "
                "last active; of the others its start."
            ),
            width=315,
        )
        pro = FILTERS.pills("pro", "Pro", PRO)
        others = FILTERS.pills("with", "With", WITH)
        if FILTERS.is_active:
            FILTERS.clear_button()
    FILTERS.show_ignored()
    return CustomerFilter(
        pro=frozenset(map(ProStatus, pro)),
        with_refunds=REFUNDS in others,
        with_disputes=DISPUTES in others,
        search=search,
    )
