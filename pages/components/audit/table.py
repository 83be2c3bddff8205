"""The table of the audit log's entries that match. It follows what is done by itself."""

from __future__ import annotations

import streamlit as st

from billing.changes.topics import Topic
from billing.domain.access import AuditFilter, Permission
from billing.errors import BillingError
from pages.components.audit.columns import ENTRIES, SHOWN
from pages.components.audit.filters import FILTERS
from pages.components.audit.wording import page_of
from pages.components.csv_button import csv_button
from pages.components.errors import show_failure
from pages.components.live import live
from pages.components.opening_table import HOW_TO_OPEN, CellButton, opening_table
from pages.components.paging import Paging, current_paging, pager
from pages.components.rerun import request_page, rerun_page_if_requested
from pages.services import page_services


@live(Topic.AUDIT)
def audit_table(wanted: AuditFilter) -> None:
    """The newest first, page by page, with the export of all."""
    rerun_page_if_requested()
    billing = page_services()
    log = billing.services.access.audit
    paging: Paging[AuditFilter, int, None] = current_paging("audit", wanted)
    try:
        page = billing.call(lambda: log.find(wanted, paging.cursor))
    except BillingError as failure:
        show_failure(failure, "The audit log could not be loaded")
        return
    if not page.entries:
        empty_state(wanted)
        return
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        st.caption(
            f"{HOW_TO_OPEN} An object opens where it has a page; of another one, what was done "
            "with it is shown.",
            width="stretch",
        )
        csv_button(
            "audit-log",
            lambda: log.as_csv(wanted),
            key="audit_csv",
            help_text="All matching entries.",
            permission=Permission.READ_AUDIT,
        )
    opening_table(
        ENTRIES,
        page.entries,
        key="audit_table",
        first="action",
        opens="entry",
        alt="Entries of the audit log, the newest first",
        order=SHOWN,
        height="content",
        buttons={"object": CellButton("object_id", open_object)},
    )
    pager("audit", paging, page.next_below)


def open_object(object_id: str) -> None:
    """In a callback: the page of the object, or what was done with it."""
    if found := page_of(object_id):
        page, name = found
        request_page(page, **{name: object_id})
    else:
        FILTERS.choose("object", [object_id])


def empty_state(wanted: AuditFilter) -> None:
    """No entry to show."""
    if wanted != AuditFilter():
        st.info("Try fewer filters.", title="No matching entries", icon=":material/filter_alt_off:")
    else:
        st.info(
            "Whatever somebody does here, or is not allowed to do, appears here within a second.",
            title="Nothing has been done yet",
            icon=":material/inbox:",
        )
