"""How Checkout Sessions look in a table: its columns, with coloured chips for how they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from billing.domain.checkout_session import Outcome
from pages.components.tables import table, width_of
from pages.components.times import local, moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from billing.domain.checkout_session import CheckoutSession

ANOTHER_APPS = "Another app"  # it made the session, in the same Stripe account
OUTCOME_COLORS = {
    Outcome.OPEN: "blue",
    Outcome.PROCESSING: "orange",
    Outcome.PAID: "green",
    Outcome.FAILED: "red",
    Outcome.EXPIRED: "gray",
}
COLUMNS = {
    "what": st.column_config.TextColumn("Product", width=125),
    "amount": st.column_config.TextColumn("Amount", alignment="right"),
    "outcome": st.column_config.MultiselectColumn(
        "Outcome",
        options=[outcome.label for outcome in Outcome],
        color=[OUTCOME_COLORS[outcome] for outcome in Outcome],
        width=105,
    ),
    "when": st.column_config.DatetimeColumn("Created", format="distance", width=130),
    "email": st.column_config.TextColumn("Customer email", width=205),
    "checkout": st.column_config.LinkColumn("Checkout", display_text="Open", width=80),
    "at": st.column_config.DatetimeColumn("Created at", format="D MMM YYYY, HH:mm:ss", width=170),
    "id": st.column_config.TextColumn("Session ID", width=420),
}


def columns(shown: pd.DataFrame) -> dict[str, Any]:
    """The columns for these rows, each amount as wide as it is."""
    return COLUMNS | {"amount": COLUMNS["amount"] | {"width": width_of(shown["amount"], 75)}}


def rows(sessions: Sequence[CheckoutSession]) -> pd.DataFrame:
    """One row a session, in the columns of ``COLUMNS``."""
    return table(sessions, tuple(COLUMNS), cells)


def cells(session: CheckoutSession) -> tuple[object, ...]:
    """The values of one row."""
    return (
        session.what,
        session.amount,
        [session.outcome.label],
        moment(session.created),
        session.customer_email,
        session.url if session.status == "open" else None,
        local(session.created),
        session.id,
    )


def in_words(value: str) -> str:
    """Stripe's word as people read it: ``No payment required``."""
    return value.replace("_", " ").capitalize()
