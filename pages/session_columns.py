"""How Checkout Sessions look in a table: its columns, with coloured chips for how they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.tables import table
from pages.times import local, moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from billing.checkout_session import CheckoutSession

ANOTHER_APPS = "Another app's"  # it made the session, in the same Stripe account
COLUMNS = {
    "when": st.column_config.DatetimeColumn("When", format="distance", width=130),
    "amount": st.column_config.TextColumn("Amount", alignment="right", width=80),
    "what": st.column_config.TextColumn("What", width=125),
    "status": st.column_config.MultiselectColumn(
        "Status",
        options=["Open", "Complete", "Expired"],
        color=["blue", "green", "gray"],
        width=100,
    ),
    "payment": st.column_config.MultiselectColumn(
        "Payment",
        options=["Paid", "Unpaid", "No payment required"],
        color=["green", "orange", "gray"],
        width=100,
    ),
    "email": st.column_config.TextColumn("Customer email", width=205),
    "checkout": st.column_config.LinkColumn("Checkout", display_text="Open", width=80),
    "at": st.column_config.DatetimeColumn("Exactly", format="D MMM YYYY, HH:mm:ss", width=170),
    "id": st.column_config.TextColumn("Session id", width=420),
}


def rows(sessions: Sequence[CheckoutSession]) -> pd.DataFrame:
    """One row a session, in the columns of ``COLUMNS``."""
    return table(sessions, tuple(COLUMNS), cells)


def cells(session: CheckoutSession) -> tuple[object, ...]:
    """The values of one row."""
    return (
        moment(session.created),
        session.amount,
        session.what,
        [session.status.capitalize()],
        [in_words(session.payment_status)],
        session.customer_email,
        session.url if session.status == "open" else None,
        local(session.created),
        session.id,
    )


def in_words(value: str) -> str:
    """Stripe's word as people read it: ``No payment required``."""
    return value.replace("_", " ").capitalize()
