"""How customers look in a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from billing.domain.customers.customer import ProStatus
from pages.components.customers.wording import amounts, pro_note
from pages.components.tables import Table, chip_column, time_column
from pages.components.text.chips import PRO_COLORS, PRO_SHAPES, pro_text_of
from pages.components.text.ids import short_id
from pages.components.text.times import local

if TYPE_CHECKING:
    from billing.domain.customers.customer import Customer

_LONGEST = 40  # characters of a button


def _cells(customer: Customer) -> dict[str, object]:
    has_had_pro = customer.pro is not ProStatus.NONE
    return {
        "who": f"{PRO_SHAPES[customer.pro]} {_cut(customer.email or short_id(customer.key))}",
        "pro": [customer.pro.label] if has_had_pro else [],
        "note": pro_note(customer),
        "credits": f"{customer.credits:,}",
        "paid": amounts(customer.paid),
        "refunded": amounts(customer.refunded),
        "disputed": amounts(customer.disputed),
        "active": local(customer.last_activity),
        "customer": short_id(customer.customer) if customer.customer else "Guest",
        "id": customer.key,
    }


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


CUSTOMERS = Table(
    {
        "who": st.column_config.TextColumn("Customer", width=200),
        "pro": chip_column("Pro", PRO_COLORS, 92, pro_text_of),
        "note": st.column_config.TextColumn("Until, or why not", width=180),
        "credits": st.column_config.TextColumn("Credits", alignment="right"),
        "paid": st.column_config.TextColumn("Paid", alignment="right"),
        "refunded": st.column_config.TextColumn("Refunded", alignment="right"),
        "disputed": st.column_config.TextColumn("Disputed", alignment="right"),
        "active": time_column("Last activity"),
        "customer": st.column_config.TextColumn("Customer ID", width=95),
        "id": st.column_config.TextColumn("Key"),
    },
    _cells,
    least_widths={
        "who": 150,
        "note": 120,
        "credits": 65,
        "paid": 75,
        "refunded": 75,
        "disputed": 75,
    },
)
SHOWN = [name for name in CUSTOMERS.columns if name != "id"]
