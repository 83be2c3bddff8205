"""What the Test kit says when it talks to Stripe itself."""

from __future__ import annotations

import streamlit as st

from billing.settings.model import SECRET_KEY
from pages.components.markdown import code, plain
from pages.services import page_services


def without_sandbox() -> None:
    """Only cards and webhook faults are left; the rest needs the sandbox's control API."""
    services = page_services().services
    connected = services.settings.stripe_is_configured
    where = f"uses {plain(services.stripe_name)}" if connected else "is not connected to Stripe"
    st.info(
        f"This dashboard {where}. Scenarios, open sessions, the clock, Stripe's faults, demo data "
        f"and the reset need the local sandbox: start the app without {code(SECRET_KEY)} to use "
        "it.",
        title="Only test cards and webhook faults are available without the local sandbox",
        icon=":material/info:",
    )
