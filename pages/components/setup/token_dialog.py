"""Creating a token for a program, in a dialog that shows it this once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from billing.access.tokens import DEFAULT_DAYS, NAME_LENGTH
from billing.domain.access import Role
from billing.errors import BillingError
from pages.components.errors import show_failure
from pages.components.text.markdown import code
from pages.components.text.times import local
from pages.services import page_services

if TYPE_CHECKING:
    from billing.access.tokens import CreatedToken

DIALOG = "token_dialog"
ROLES = {
    Role.VIEWER: "Reads entitlements, health and metrics.",
    Role.TESTER: "Also creates Checkout Sessions.",
    Role.ADMIN: "Everything that a route offers now or later.",
}
DEFAULT_END = f"{DEFAULT_DAYS} days"
ENDS = {"30 days": 30, DEFAULT_END: DEFAULT_DAYS, "1 year": 365, "Never": None}


@dataclass
class Creation:
    """What has become of it since the dialog was opened."""

    created: CreatedToken | None = None
    failure: BillingError | None = None


def token_dialog(*, opens: bool) -> None:
    """The dialog, which ``opens`` now, or is open already: a rerun of the page must not take away
    what is shown only once."""
    if opens:
        st.session_state[DIALOG] = Creation()
    if DIALOG in st.session_state:
        st.dialog("Create a token", width="medium", on_dismiss=_close)(_content)()


def _close() -> None:
    st.session_state.pop(DIALOG, None)


def _content() -> None:
    creation: Creation | None = st.session_state.get(DIALOG)
    if creation is None:  # a button has closed it, and the whole page is drawn without it
        st.rerun()
    if creation.created:
        _show(creation.created)
        return
    st.text_input(
        "Name",
        placeholder="ci",
        max_chars=NAME_LENGTH,
        help="The program that uses it.",
        key="token_name",
    )
    st.radio(
        "Role", ROLES, captions=list(ROLES.values()), format_func=str.capitalize, key="token_role"
    )
    st.segmented_control(
        "Ends after", list(ENDS), default=DEFAULT_END, required=True, key="token_end"
    )
    with st.container(horizontal=True):
        st.button("Create", key="token_create", type="primary", on_click=_on_create)
        st.button("Cancel", key="token_cancel", on_click=_close)
    if creation.failure:
        show_failure(creation.failure, "Nothing was created")


def _on_create() -> None:
    billing, chosen = page_services(), st.session_state
    days = ENDS[chosen["token_end"]]
    create = partial(
        billing.services.access.tokens.create, chosen["token_name"], chosen["token_role"], days
    )
    try:
        chosen[DIALOG] = Creation(billing.call(create))
    except BillingError as failure:
        chosen[DIALOG] = Creation(failure=failure)


def _show(created: CreatedToken) -> None:
    """The one place where a token is shown: only its digest is stored."""
    token = created.token
    end = f"until {local(token.expires_at):%d %b %Y}" if token.expires_at else "without an end"
    st.success(
        f"{code(token.name)} is {'an' if token.role is Role.ADMIN else 'a'} {token.role} {end}.",
        title="Created",
        icon=":material/check:",
    )
    st.code(created.secret.get_secret_value(), language=None, wrap_lines=True)
    st.caption("This token is shown only once. Copy it before you close this dialog.")
    st.markdown("The program sends it with each request, here from the variable `BILLING_TOKEN`:")
    st.code(_example(token.role), language="sh", wrap_lines=True)
    st.button("Done", key="token_done", on_click=_close)


def _example(role: Role) -> str:
    base = f"{page_services().services.settings.public_url}/api/billing"
    asked = (
        f"'{base}/entitlements?email=somebody@example.com'"
        if role is Role.VIEWER
        else f"-X POST {base}/checkout"
    )
    return f'curl -H "Authorization: Bearer $BILLING_TOKEN" {asked}'
