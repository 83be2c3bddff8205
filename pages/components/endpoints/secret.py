"""A signing secret, shown to whoever had it made, this once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from billing.domain.access import Permission
from billing.settings.model import SECRETS_FILE, WEBHOOK_SECRET
from pages.components.text.markdown import code, plain
from pages.components.text.times import short_time
from pages.services import refusal

if TYPE_CHECKING:
    from billing.domain.events.endpoint import EndpointSecret


def show_secret(made: EndpointSecret, *, title: str, takes_it_by_itself: bool = False) -> None:
    """The secret with its copy button, and what to do with it. ``takes_it_by_itself``: this app
    has it already, and nobody needs to see it."""
    if refusal(Permission.SET_UP) is not None:
        return
    until = (
        f" The former one is valid until {plain(short_time(made.former_until))}."
        if made.former_until
        else ""
    )
    if takes_it_by_itself:
        st.success(
            f"This dashboard uses the new secret already; there is nothing to set.{until}",
            title=title,
            icon=":material/check:",
        )
        return
    st.success(f"{code(made.id)} at {code(made.url)}{until}", title=title, icon=":material/check:")
    st.code(made.secret.get_secret_value(), language=None, wrap_lines=True)
    st.caption("This signing secret is shown only once. Copy it before you close it.")


def where_it_goes() -> str:
    """Where this app reads its secrets from, and that it takes several, as Markdown."""
    return (
        f"Add its secret to {code(WEBHOOK_SECRET)} in the environment or "
        f"{code(str(SECRETS_FILE))}, behind the one that is there and a comma."
    )
