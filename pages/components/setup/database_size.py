"""The card that says how large the database is, table by table, to those who keep it running."""

from __future__ import annotations

import streamlit as st

from billing.domain.access import Permission
from billing.errors import BillingError
from pages.components.errors import failure_lines
from pages.services import page_services, refusal

SHOWN = "database_size_shown"


def database_size_card() -> None:
    """A card of its own, whose tables are counted once they are asked for."""
    if refusal(Permission.SET_UP) is None:
        st.fragment(_card)()


def _card() -> None:
    billing = page_services()
    days = billing.services.settings.event_days
    with st.container(border=True, gap="small"):
        st.header("Data", anchor=False)
        st.markdown(
            f"Payloads of events are removed after {days:,} day{'' if days == 1 else 's'}; "
            "sessions, customers and the ledger stay."
        )
        if not st.toggle("Show tables", key=SHOWN):
            return
        try:
            found = billing.call(billing.services.database_size.read)
        except BillingError as failure:
            st.markdown("  \n".join(failure_lines(failure)))
            return
        rows = [
            {
                "table": one.name,
                "rows": f"{one.rows:,}{' or more' if one.is_rough else ''}",
                **({} if one.bytes is None else {"size": one.bytes}),
            }
            for one in found.tables
            if one.rows
        ]
        st.dataframe(
            rows,
            hide_index=True,
            height="content",
            column_config={
                "table": "Table",
                "rows": "Rows",
                "size": st.column_config.NumberColumn("Size", format="bytes"),
            },
            alt="Tables of the database with their rows",
        )
        st.caption(f"The whole database takes {found.bytes / 1e6:,.1f} MB.")
