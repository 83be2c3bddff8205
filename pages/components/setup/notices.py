"""Notices about settings: a key that is refused, a file that cannot be read."""

from __future__ import annotations

import streamlit as st

from billing.settings.model import SECRET_KEY, SECRETS_FILE
from pages.components.frame.notices import Notice, Severity
from pages.components.text.markdown import plain
from pages.services import page_services


def unusable_key() -> Notice | None:
    """The secret key is refused, or its settings contradict each other."""
    return _problem_with(SECRET_KEY)


def unreadable_secrets_file() -> Notice | None:
    """The file with the secrets is there and cannot be read."""
    return _problem_with(str(SECRETS_FILE))


def _problem_with(name: str) -> Notice | None:
    problem = page_services().services.settings.problems.get(name)
    if problem is None:
        return None
    text = f"{plain(problem.message)} {plain(problem.next_step)}"
    title = "Stripe is not configured"
    return Notice(Severity.ERROR, title, text, "key_off", setup_link)


def setup_link() -> None:
    """The way to the Setup page."""
    st.page_link("setup.py", label="Setup", icon=":material/tune:")
