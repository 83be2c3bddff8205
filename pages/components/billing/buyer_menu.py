"""The line "New customer", behind which somebody known can be chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from billing.domain.customers.customer import Customer, ProStatus
from billing.domain.customers.page import CustomerFilter
from billing.domain.sessions.checkout_session import Kind
from billing.errors import BillingError
from billing.selling.buyers import EMAIL
from pages.components.actions.target import close_actions
from pages.components.billing.chosen_buyer import (
    choose_buyer,
    chosen_buyer,
    chosen_key,
    known_customer,
)
from pages.components.billing.order import clear_order
from pages.components.errors import show_failure
from pages.components.rerun import request_page_rerun, rerun_page_if_requested
from pages.components.text.ids import short_id
from pages.components.text.markdown import code, plain
from pages.services import page_services

if TYPE_CHECKING:
    from collections.abc import Mapping

NEW = "New customer"
MENU = "buyer_menu"
SHOWN = 5
LONGEST_SEARCH = 200


def buyer_menu() -> None:
    """Whom the next session is for, and the list to choose from once it is opened."""
    with st.container(horizontal=True, vertical_alignment="center", key="buyer"):
        is_chosen = chosen_buyer() is not None
        known = known_customer() if is_chosen else None
        label = known.name if known else chosen_key()
        menu = st.popover(
            plain(label) if is_chosen else NEW,
            icon=":material/person:",
            key=MENU,
            on_change="rerun",
        )
        if known:
            st.page_link("customers.py", label="Details", query_params={"customer": known.key})
    if menu.open:
        with menu:
            customers()


@st.fragment
def customers() -> None:
    """The field to search in, and the customers that were found, the last active first."""
    rerun_page_if_requested()
    search = st.text_input(
        "Search customers",
        key="buyer_search",
        type="search",
        live=True,
        placeholder="Email or customer ID",
        label_visibility="collapsed",
    ).strip()[:LONGEST_SEARCH]
    billing = page_services()
    try:
        listing = billing.call(
            lambda: billing.services.customers.find(CustomerFilter(search=search), SHOWN)
        )
    except BillingError as failure:
        show_failure(failure, "The customers could not be loaded")
        return
    found = {one.key: one for one in listing.page.customers}
    emails = {one.email for one in listing.page.customers}
    keys = ["", *found]
    if EMAIL.fullmatch(search) and search.lower() not in emails:
        keys.append(search)
    now = chosen_key()
    st.radio(
        "Customer",
        keys,
        index=keys.index(now) if now in keys else None,
        format_func=lambda key: name(key, found),
        captions=[caption(key, found) for key in keys],
        key=f"buyer_{search}",
        label_visibility="collapsed",
        on_change=on_choose,
        args=(search,),
    )
    if search and len(keys) == 1:
        st.caption("No customer is found by that.")


def name(key: str, found: Mapping[str, Customer]) -> str:
    """A choice's label, as Markdown."""
    return code(found[key].name if key in found else key) if key else NEW


def caption(key: str, found: Mapping[str, Customer]) -> str:
    """What tells a choice from others like it, as Markdown."""
    if not key:
        return "Enters an email at Checkout"
    if key not in found:
        return "Not known yet"
    one = found[key]
    has = ["Pro"] * (one.pro is ProStatus.ACTIVE)
    has += [f"{one.credits:,} credit{'' if one.credits == 1 else 's'}"] * bool(one.credits)
    who = short_id(one.customer) if one.customer else "guest"
    return plain(" · ".join([*has, who]))


def on_choose(search: str) -> None:
    """Choose, close the list, and leave what was ordered for somebody else."""
    choose_buyer(st.session_state[f"buyer_{search}"] or "")
    st.session_state[MENU] = False
    for kind in Kind:
        clear_order(kind)
    close_actions()
    request_page_rerun()
