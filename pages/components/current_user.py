"""Who is signed in, by the header of a proxy in front of the app."""

from __future__ import annotations

import streamlit as st

from pages.services import page_services

ANONYMOUS = "page"


def current_user() -> str:
    """The person whom the proxy's header names, or ``page`` when nobody signs in.

    No header is believed but the one that ``BILLING_USER_HEADER`` names, and that only when it
    came once: a second one is not the proxy's.
    """
    header = page_services().services.settings.user_header
    values = st.context.headers.get_all(header) if header else []
    return (values[0].strip() if len(values) == 1 else "") or ANONYMOUS
