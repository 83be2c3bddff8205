"""One customer in a drawer: what they have, what they paid, and how it came to be."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import streamlit as st

from billing.changes.topics import Topic
from billing.errors import BillingError, InvalidInput
from billing.safe_text import sanitize
from pages.components.actions.target import close_actions
from pages.components.browser.copyable import copyable
from pages.components.customers.ledger import ledger
from pages.components.customers.sales import invoices, payments, sessions, subscriptions
from pages.components.customers.wording import amounts, pro_note
from pages.components.errors import show_failure
from pages.components.live import live
from pages.components.requests.lines import requests_touching
from pages.components.rerun import rerun_page_if_requested
from pages.components.text.chips import chip, pro_chip
from pages.components.text.markdown import code, link, plain
from pages.services import page_services

if TYPE_CHECKING:
    from billing.domain.customers.customer import Customer
    from billing.domain.customers.details import CustomerDetails

LONGEST_KEY = 300


def customer_drawer() -> None:
    """Open the customer whom the address names, if it names one."""
    key = st.query_params.get("customer", "").strip()[:LONGEST_KEY]
    if key:
        # No email: Streamlit would make it a link.
        drawer = st.dialog("Customer", width="medium", position="right", on_dismiss=close_drawer)
        drawer(customer)(key)


def close_drawer() -> None:
    """The drawer was closed: the address names nobody any more."""
    st.query_params.pop("customer", None)
    for name in ("customer_shown", "payments_open", "all_lines"):
        st.session_state.pop(name, None)
    close_actions()


@live(Topic.CUSTOMERS, Topic.LEDGER, Topic.SESSIONS)
def customer(key: str) -> None:
    """All of it; it follows what happens to them elsewhere."""
    rerun_page_if_requested()
    billing = page_services()
    try:
        details = billing.call(lambda: billing.services.customers.details(key))
    except InvalidInput as unknown:
        if st.session_state.get("customer_shown") == key:
            close_drawer()
            st.rerun()  # a reset has erased them
        st.warning(
            f"{code(key)}: {plain(unknown.message)} {plain(unknown.next_step)}",
            title="Customer not found",
            icon=":material/help:",
        )
        return
    except BillingError as failure:
        show_failure(failure, "The customer could not be loaded")
        return
    st.session_state["customer_shown"] = key
    heading(details)
    subscriptions(details)
    payments(details)
    ledger(details)
    invoices(details)
    sessions(details)
    if details.customer.customer:
        requests_touching(details.customer.customer)
    if details.dashboard_url:
        st.link_button(
            "Open in Stripe Dashboard", details.dashboard_url, icon=":material/open_in_new:"
        )


def heading(details: CustomerDetails) -> None:
    """Pro, credits, amounts, and who it is."""
    one = details.customer
    with st.container(gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.markdown(pro_chip(one.pro), width="content")
            if note := pro_note(one):
                st.markdown(plain(note), width="content")
            if one.customer is None:
                st.markdown(chip("Guest"), width="content")
        st.markdown(figures(one))
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            if one.email:
                copyable(sanitize(one.email), key="customer_email", width=330)
            if one.customer:
                copyable(sanitize(one.customer), key="customer_id", width=250)
        if details.same_email and one.email:
            others = f"{details.same_email:,} other Customer{'s'[: details.same_email > 1]}"
            address = f"customers?q={quote(sanitize(one.email))}"
            have = "have" if details.same_email > 1 else "has"
            st.caption(f"{link(others, address)} {have} this email, too.")


def figures(one: Customer) -> str:
    """Credits and amounts on one line, as Markdown."""
    found = [f"**{one.credits:,}** credit{'' if one.credits == 1 else 's'}"]
    for name, sums in (("paid", one.paid), ("refunded", one.refunded), ("disputed", one.disputed)):
        if text := amounts(sums):
            found.append(f"**{plain(text)}** {name}")
    return " · ".join(found)
