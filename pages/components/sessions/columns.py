"""How Checkout Sessions look in a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.components.tables import Table, chip_column, time_column
from pages.components.text.chips import OUTCOME_COLORS, OUTCOME_STYLES, outcome_text_of
from pages.components.text.ids import short_id
from pages.components.text.times import local

if TYPE_CHECKING:
    from collections.abc import Iterable

    from billing.domain.sessions.checkout_session import CheckoutSession


def _cells(session: CheckoutSession) -> dict[str, object]:
    return {
        "what": f"{OUTCOME_STYLES[session.outcome].shape} {_short(session.what)}",
        "amount": session.amount,
        "outcome": [session.outcome.label],
        "note": session.note,
        "when": local(session.created),
        "email": session.customer_email,
        "source": session.source.label,
        "label": session.label,
        "session": short_id(session.id),
        "id": session.id,
    }


def _short(what: str) -> str:
    """``41 credits``: on a phone, outcome and amount are to stand beside it."""
    return what.replace(" extra ", " ")


SESSIONS = Table(
    {
        "what": st.column_config.TextColumn("Product"),
        "amount": st.column_config.TextColumn("Amount", alignment="right"),
        "outcome": chip_column("Outcome", OUTCOME_COLORS, 104, outcome_text_of),
        "note": st.column_config.TextColumn("Details"),
        "when": time_column("Created"),
        "email": st.column_config.TextColumn("Customer email"),
        "source": st.column_config.TextColumn("Source", width=95),
        "label": st.column_config.TextColumn("Label", width=130),
        "session": st.column_config.TextColumn("Session", width=90),
        "id": st.column_config.TextColumn("Session ID"),
    },
    _cells,
    least_widths={"what": 100, "amount": 66, "outcome": 104, "note": 125, "email": 160},
)


def shown_columns(sessions: Iterable[CheckoutSession]) -> list[str]:
    """The columns for these sessions: labels only where there are any, ids in their short form."""
    has_labels = any(session.label for session in sessions)
    hidden = {"id"} if has_labels else {"id", "label"}
    return [name for name in SESSIONS.columns if name not in hidden]
