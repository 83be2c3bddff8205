"""Where Stripe sends events: each endpoint with its state, and what can be done with it."""

from __future__ import annotations

import streamlit as st

from pages.components.endpoints.add_dialog import add_dialog
from pages.components.endpoints.drawer import endpoint_drawer
from pages.components.endpoints.listen import listen_card
from pages.components.endpoints.table import endpoints
from pages.services import page_services

if page_services().services.settings.stripe_is_configured:  # else the notice on top says why
    with st.container(horizontal=True, horizontal_alignment="right"):
        add_dialog()
    endpoints()
    listen_card()
    endpoint_drawer()
