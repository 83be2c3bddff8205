"""Controls that somebody may not use: shown all the same, disabled, with the reason."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypedDict

import streamlit as st

from billing.access.caller import current_identity
from billing.domain.access import Permission, Role
from pages.components.text.markdown import plain
from pages.services import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

# The roles that the controls need that were disabled in this run of the page.
_needed: ContextVar[set[Role] | None] = ContextVar("needed_roles", default=None)


class Guarded(TypedDict, total=False):
    """What a Streamlit control takes."""

    disabled: bool
    help: str | None


def guarded(
    permission: Permission, help_text: str | None = None, *, disabled: bool = False
) -> Guarded:
    """For a control that does what needs ``permission``: ``st.button(…, **guarded(…))``. Its help
    is ``help_text``, or why whoever has the page open may not use it."""
    reason = refusal(permission)
    if reason is None:
        return {"disabled": disabled, "help": help_text}
    if (needed := _needed.get()) is not None:
        needed.add(permission.role)
    return {"disabled": True, "help": _unlinked(reason)}


@contextmanager
def disabled_controls_explained() -> Iterator[None]:
    """Above what the block draws, a line that says which role its disabled controls need: the help
    of a control is for a mouse alone."""
    place, needed = st.container(), set[Role]()
    token = _needed.set(needed)
    try:
        yield
    finally:
        _needed.reset(token)
    identity = current_identity()
    if needed and identity:
        roles = " or ".join(role for role in Role if role in needed)
        place.caption(
            f":material/lock: Controls that need the role {roles} are disabled: "
            f"{_unlinked(identity.name)} is a {identity.role}."
        )


def _unlinked(text: str) -> str:
    """``text`` as Markdown in which no email is a link."""
    return plain(text).replace("@", "@\u2060")
