"""The tokens by which programs sign in: a list, and how one is revoked."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from billing.domain.access import Permission
from billing.errors import BillingError
from pages.components.danger import danger_button
from pages.components.errors import show_failure
from pages.components.permission import guarded
from pages.components.setup.token_dialog import token_dialog
from pages.components.text.markdown import code
from pages.components.text.times import counting, markdown
from pages.services import page_services, refusal

if TYPE_CHECKING:
    from billing.domain.access import AccessToken

MOST_SHOWN = 20
FAILURE = "revoke_failure"


def tokens() -> None:
    """What they are for, the button that creates one, and for admins the list."""
    st.markdown(
        "A program that calls the routes under `/api/billing`, or reads `/metrics`, sends a token. "
        "It may do what its role may."
    )
    pressed = st.button(
        "Create token…",
        key="create_token",
        icon=":material/add:",
        **guarded(Permission.MANAGE_TOKENS),
    )
    token_dialog(opens=pressed)
    if refusal(Permission.MANAGE_TOKENS) is None:
        _list()


def _list() -> None:
    billing = page_services()
    if failure := st.session_state.pop(FAILURE, None):
        show_failure(failure, "Nothing was revoked")
    try:
        found = billing.call(billing.services.access.tokens.all)
    except BillingError as failure:
        show_failure(failure, "The tokens could not be loaded")
        return
    now = time.time()
    valid = [token for token in found if token.is_valid(now)]
    over = [token for token in found if not token.is_valid(now)]
    _rows(valid)
    if over:
        with st.expander(f"{len(over)} that ended or were revoked", key="tokens_over"):
            _rows(over)


def _rows(found: list[AccessToken]) -> None:
    for token in found[:MOST_SHOWN]:
        _row(token)
    if len(found) > MOST_SHOWN:
        more = len(found) - MOST_SHOWN
        st.caption(f"{more} older ones are listed by `python -m billing token list`.")


def _row(token: AccessToken) -> None:
    used = f"last used {counting(token.used_at)}" if token.used_at else "never used"
    created = f"created {counting(token.created_at)} by {code(token.created_by)}"
    with st.container(
        horizontal=True,
        horizontal_alignment="distribute",
        vertical_alignment="center",
        gap="small",
        key=f"token_{token.id}",
    ):
        markdown(
            f"**{code(token.name)}** :gray-badge[{token.role}]  \n"
            f":small[{created} · {used} · {_end(token)}]",
            width="content",
        )
        if token.is_valid(time.time()):
            _revoke(token)


def _end(token: AccessToken) -> str:
    if token.revoked_at:
        return f"revoked {counting(token.revoked_at)}"
    if token.expires_at is None:
        return "does not end"
    ended = "ended" if token.expires_at <= time.time() else "ends"
    return f"{ended} {counting(token.expires_at)}"


def _revoke(token: AccessToken) -> None:
    with st.popover("Revoke…", key=f"revoke_{token.id}", icon=":material/block:"):
        st.markdown(
            f"Revoke {code(token.name)}? The program that uses it is refused within seconds. "
            "This cannot be undone."
        )
        danger_button(
            "Revoke token",
            key=f"revoke_now_{token.id}",
            icon=":material/block:",
            on_click=_on_revoke,
            args=(token.id,),
        )


def _on_revoke(token_id: str) -> None:
    billing = page_services()
    try:
        billing.call(partial(billing.services.access.tokens.revoke, token_id))
    except BillingError as failure:
        st.session_state[FAILURE] = failure
