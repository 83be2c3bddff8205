"""The billing page as it is often written: Stripe is asked for everything at every rerun.

It shows what the product's page shows. The session state holds its ``stripe_client`` and
``price_ids``.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

client = st.session_state["stripe_client"]

st.title("Billing")
for column, price_id in zip(st.columns(2), st.session_state["price_ids"], strict=True):
    with column, st.container(border=True):
        price = client.v1.prices.retrieve(price_id, {"expand": ["product"]})
        amount = f"${price.unit_amount / 100:.2f}"
        st.subheader(price.product.name)
        if not price.recurring:
            st.number_input("Number of credits", min_value=1, max_value=1000)
        st.markdown(amount)
        st.button(f"Pay {amount}", key=price_id)

st.subheader("Recent sessions")
sessions = client.v1.checkout.sessions.list({"limit": 20}).data
st.dataframe(
    pd.DataFrame(
        {
            "when": [datetime.fromtimestamp(one.created, UTC) for one in sessions],
            "amount": [one.amount_total for one in sessions],
            "status": [one.status for one in sessions],
            "payment": [one.payment_status for one in sessions],
            "email": [one.customer_email for one in sessions],
            "checkout": [one.url for one in sessions],
            "id": [one.id for one in sessions],
        }
    ),
    hide_index=True,
)
