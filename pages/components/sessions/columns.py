"""How Checkout Sessions look in a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.components.chips import OUTCOME_COLORS
from pages.components.tables import Table, age_column, chip_column, time_column
from pages.components.times import local, ticking

if TYPE_CHECKING:
    from billing.domain.checkout_session import CheckoutSession


def _cells(session: CheckoutSession) -> dict[str, object]:
    return {
        "what": session.what,
        "amount": session.amount,
        "outcome": [session.outcome.label],
        "when": ticking(session.created),
        "email": session.customer_email,
        "checkout": session.url if session.status == "open" else None,
        "at": local(session.created),
        "id": session.id,
    }


SESSIONS = Table(
    {
        "what": st.column_config.TextColumn("Product", width=125),
        "amount": st.column_config.TextColumn("Amount", alignment="right"),
        "outcome": chip_column("Outcome", OUTCOME_COLORS, width=105),
        "when": age_column("Created", width=130),
        "email": st.column_config.TextColumn("Customer email", width=205),
        "checkout": st.column_config.LinkColumn("Checkout", display_text="Open", width=80),
        "at": time_column("Created at"),
        "id": st.column_config.TextColumn("Session ID", width=420),
    },
    _cells,
    least_widths={"amount": 75},
)
