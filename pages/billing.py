"""The billing page: Pro plan, extra load credits, recent sessions, and the return from Checkout:
``?success=1&session_id=…`` or ``?canceled=1``. With ``?customer=…`` the next session is for that
Customer or email."""

from __future__ import annotations

import streamlit as st

from billing.domain.sessions.checkout_session import Kind
from pages.components.billing import offer
from pages.components.billing.buyer_menu import buyer_menu
from pages.components.billing.checkout_link import open_at_once_toggle
from pages.components.billing.order import label_field
from pages.components.billing.recent_sessions import recent_sessions
from pages.components.billing.return_banner import return_banner
from pages.components.sessions.drawer import session_drawer

return_banner()

buyer_menu()
for kind, column in zip(Kind, st.columns(2, gap="medium", border=True), strict=True):
    with column:
        offer.offer(kind)
with st.container(horizontal=True, vertical_alignment="center", key="order_options"):
    label_field()
    open_at_once_toggle()

recent_sessions()
session_drawer()
