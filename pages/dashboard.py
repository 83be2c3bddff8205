"""The frame around every page: config, navigation, and which Stripe we talk to."""

from __future__ import annotations

import streamlit as st

from billing.page_services import page_services
from billing.settings import SECRET_KEY
from pages.markdown import plain

st.set_page_config(page_title="Billing", page_icon=":material/payments:", layout="wide")

page = st.navigation(
    [st.Page("billing.py", title="Billing", icon=":material/payments:", url_path="billing")],
    position="top",
)

services = page_services().services
settings = services.settings

with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    st.title(page.title, width="content")
    if settings.stripe_is_configured:
        st.badge(
            f"{services.stripe_name} · no money moves",
            icon=":material/science:",
            color="orange",
            help="Everything on these pages happens here. Live keys are refused.",
        )
    else:
        st.badge("Stripe is not configured", icon=":material/error:", color="red")

if problem := settings.problems.get(SECRET_KEY):
    st.error(
        f"{plain(problem.message)} {plain(problem.next_step)}",
        title="Stripe is not configured",
        icon=":material/key_off:",
    )

page.run()
