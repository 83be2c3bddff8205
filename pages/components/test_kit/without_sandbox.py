"""What the Test kit says when Stripe itself is at the other end."""

from __future__ import annotations

import streamlit as st

from billing.settings.model import SECRET_KEY
from pages.components.markdown import code, plain
from pages.services import page_services


def without_sandbox() -> None:
    """Only the cards are left; the rest needs a Stripe that can be told what to do."""
    services = page_services().services
    connected = services.settings.stripe_is_configured
    where = f"talks to {plain(services.stripe_name)}" if connected else "has no Stripe yet"
    st.info(
        f"This dashboard {where}, so here are the numbers to pay with. Scenarios that run by "
        "themselves, a clock to move, faults on demand, demo data and a reset need the local "
        f"sandbox: start without {code(SECRET_KEY)} to use it.",
        title="Only the cards work without the local sandbox",
        icon=":material/info:",
    )
