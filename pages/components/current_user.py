"""Who has the page open, as it is written into what they make."""

from __future__ import annotations

from billing.access.caller import name_of_caller
from pages.services import page_services

ANONYMOUS = "page"


def current_user() -> str:
    """The person's email, or ``page`` when nobody signs in."""
    page_services()
    return name_of_caller(ANONYMOUS)
