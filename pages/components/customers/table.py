"""The table of the customers that match, page by page.

Its rows follow what happens to their customers, and stay where they are: who becomes active
meanwhile waits behind a button until somebody asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from billing.changes.topics import Topic
from billing.customers.service import EXPORT_LIMIT
from billing.domain.customers.page import COUNT_LIMIT, Cursor, CustomerFilter, CustomerPage
from billing.errors import BillingError
from pages.components.csv_button import csv_button
from pages.components.customers.columns import CUSTOMERS, SHOWN
from pages.components.errors import show_failure
from pages.components.frame.sandbox_links import sandbox_links
from pages.components.frame.sync_status import sync_progress
from pages.components.live import live
from pages.components.opening_table import HOW_TO_OPEN, opening_table
from pages.components.paging import Paging, current_paging, pager
from pages.components.rerun import rerun_page_if_requested
from pages.services import page_services

if TYPE_CHECKING:
    from billing.domain.customers.page import CustomerListing

PAGE_SIZE = 25
CustomerPaging = Paging[CustomerFilter, Cursor, CustomerPage]


def has_customers() -> bool:
    """Whether there is anybody to filter; also where that cannot be read."""
    billing = page_services()
    try:
        found = billing.call(lambda: billing.services.customers.find(CustomerFilter(), 1))
    except BillingError:
        return True
    return bool(found.page.customers)


def customer_table(wanted: CustomerFilter) -> None:
    """The table; on a run of the whole page its first page is read anew."""
    paging: CustomerPaging = current_paging("customers", wanted)
    if not paging.cursors:
        paging.page = None
    live_table(paging)


@live(Topic.CUSTOMERS, Topic.STATUS)
def live_table(paging: CustomerPaging) -> None:
    """The rows as they are now."""
    rerun_page_if_requested()
    billing = page_services()
    customers = billing.services.customers
    try:
        page = paging.page
        if page is None:
            listing = billing.call(lambda: customers.find(paging.query, PAGE_SIZE, paging.cursor))
            page = paging.page = listing.page
        else:
            listing = billing.call(lambda: customers.follow(page, paging.query))
    except BillingError as failure:
        show_failure(failure, "The customers could not be loaded")
        return
    sync_progress(listing.state)
    progress(listing)
    if page.customers:
        head(paging, listing)
        opening_table(
            CUSTOMERS,
            listing.page.customers,
            key="customers_table",
            first="who",
            opens="customer",
            alt="Customers, the last active first",
            order=SHOWN,
            height="content",
        )
        pager("customers", paging, page.older)
    elif listing.new:
        paging.page = None  # the first has come
        st.rerun(scope="app")
    else:
        empty_state(paging.query, listing)


def progress(listing: CustomerListing) -> None:
    """How much of what has changed the list does not show yet, where that is much."""
    if listing.waiting:
        more = "+" if listing.waiting > COUNT_LIMIT else ""
        number = f"{min(listing.waiting, COUNT_LIMIT):,}{more}"
        st.caption(f":material/sync: Adding up customers: {number} to go")


def head(paging: CustomerPaging, listing: CustomerListing) -> None:
    """Who has become active, and the export of all that match."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            st.caption(HOW_TO_OPEN, width="content")
            if listing.new and not paging.cursors:
                more = "+" if listing.new > COUNT_LIMIT else ""
                st.button(
                    f"Show {min(listing.new, COUNT_LIMIT):,}{more} new",
                    key="show_new_customers",
                    icon=":material/arrow_upward:",
                    type="primary",
                    on_click=paging.newest,
                )
        customers = page_services().services.customers
        csv_button(
            "customers",
            lambda: customers.as_csv(paging.query),
            key="customers_csv",
            help_text=f"All matching customers, at most the last active {EXPORT_LIMIT:,}.",
        )


def empty_state(wanted: CustomerFilter, listing: CustomerListing) -> None:
    """Nobody to show: what to do first, or how to see others."""
    if wanted != CustomerFilter():
        st.info(
            "Try a shorter search or fewer filters.",
            title="No matching customers",
            icon=":material/filter_alt_off:",
        )
    elif listing.state.complete and not listing.waiting:
        st.info(
            "Whoever pays for the Pro plan or for extra credits appears here.",
            title="No customers yet",
            icon=":material/group:",
        )
        with st.container(horizontal=True):
            st.page_link("billing.py", label="Create a session", icon=":material/payments:")
            sandbox_links()
