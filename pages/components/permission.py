"""Controls that somebody may not use: shown all the same, disabled, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from pages.components.markdown import plain
from pages.services import refusal

if TYPE_CHECKING:
    from billing.domain.access import Permission


NO_LINK = "@\u2060"  # a help that one points at is no place for a link to an email


class Guarded(TypedDict, total=False):
    """What a Streamlit control takes."""

    disabled: bool
    help: str | None


def guarded(
    permission: Permission, help_text: str | None = None, *, disabled: bool = False
) -> Guarded:
    """For a control that does what needs ``permission``: ``st.button(…, **guarded(…))``. Its help
    is ``help_text``, or why whoever has the page open may not use it."""
    if reason := refusal(permission):
        return {"disabled": True, "help": plain(reason).replace("@", NO_LINK)}
    return {"disabled": disabled, "help": help_text}
