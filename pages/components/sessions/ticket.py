"""The session as Markdown, to be copied into a ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import streamlit as st

from billing.safe_text import sanitize
from billing.sessions.ticket import ticket
from pages.services import page_services

if TYPE_CHECKING:
    from billing.domain.sessions.details import SessionDetails

PATH = "/app/sessions?session="


def copy_for_ticket(details: SessionDetails) -> None:
    """A button that shows the text with its own way to copy; the email is in it by choice."""
    with st.popover("Copy for a ticket", icon=":material/content_paste_go:", key="ticket"):
        with_email = bool(details.session.customer_email) and st.checkbox(
            "Include email addresses", key="ticket_email"
        )
        base = page_services().services.settings.public_url or ""
        address = f"{base}{PATH}{quote(sanitize(details.session.id))}"
        st.code(ticket(details, address, with_email=with_email), language="markdown")
