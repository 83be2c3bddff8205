"""What an empty page offers where the local sandbox is in use."""

from __future__ import annotations

import streamlit as st

from pages.services import page_services


def sandbox_links() -> None:
    """Links to the Test kit's scenarios and demo data; nothing with another Stripe."""
    if not page_services().controls_url:
        return
    for label, tab, icon in (
        ("Run a scenario", "Scenarios", "play_arrow"),
        ("Fill with demo data", "Demo data", "database"),
    ):
        st.page_link(
            "test_kit.py",
            label=label,
            icon=f":material/{icon}:",
            query_params={"show": tab},
        )
