"""What the Test kit says when it talks to Stripe itself."""

from __future__ import annotations

import streamlit as st

from billing.settings.model import SECRET_KEY
from pages.components.text.markdown import code, plain
from pages.services import page_services


def without_sandbox() -> bool:
    """Say what only the local sandbox has; whether the dashboard is connected to Stripe, where
    scenarios can run all the same."""
    services = page_services().services
    if services.settings.stripe_is_configured:
        st.caption(
            f"This dashboard uses {plain(services.stripe_name)}. Paying open sessions by a press, "
            "the clock, Stripe's faults, demo data and the reset need the local sandbox: start the "
            f"app without {code(SECRET_KEY)} to use it."
        )
        return True
    st.info(
        "This dashboard is not connected to Stripe. Scenarios, open sessions, the clock, Stripe's "
        "faults, demo data and the reset need the local sandbox: start the app without "
        f"{code(SECRET_KEY)} to use it.",
        title="Only test cards and webhook faults are available without the local sandbox",
        icon=":material/info:",
    )
    return False
