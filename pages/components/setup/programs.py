"""The cards for whoever connects another program: to the routes, and to the local sandbox."""

from __future__ import annotations

import streamlit as st

from billing.domain.access import Permission
from billing.errors import BillingError
from billing.settings.model import OIDC_METADATA_URL, USER_HEADER
from pages.components.errors import show_failure
from pages.components.permission import guarded
from pages.components.setup.tokens import tokens
from pages.components.text.markdown import code
from pages.services import page_services, refusal

SANDBOX_KEY = "sandbox_key"  # while it is shown
FAILURE = "sandbox_key_failure"
NO_TOKENS = (
    "Nobody signs in here, so the routes under `/api/billing` take no token. To have people and "
    f"programs sign in, set {code(USER_HEADER)} or {code(OIDC_METADATA_URL)}: docs/team.md "
    "describes both."
)


def programs_cards() -> None:
    """What a program needs to call the routes, and the local sandbox where that is in use."""
    billing = page_services()
    access = billing.services.access
    if access.mode.signs_in or access.serves_everybody:
        with st.container(border=True, gap="small"):
            st.header("Programs", anchor=False)
            if access.mode.signs_in:
                tokens()
            else:
                st.markdown(NO_TOKENS)
    if billing.controls_url is not None:
        with st.container(border=True, gap="small"):
            st.header("Local sandbox", anchor=False)
            _sandbox(any_key=access.serves_everybody)


def _sandbox(*, any_key: bool) -> None:
    """How a program that is written for Stripe reaches it."""
    which = "any API key that begins `sk_test_`" if any_key else "this API key"
    st.markdown(f"Programs written for Stripe can use it, with this API base and {which}:")
    base = f"{page_services().services.settings.public_url}/sandbox"
    st.code(base, language=None, wrap_lines=True)
    if any_key:
        return
    shown = st.session_state.get(SANDBOX_KEY)
    if shown and refusal(Permission.READ_SANDBOX_KEY) is None:
        st.code(shown.get_secret_value(), language=None, wrap_lines=True)
        st.button("Hide key", key="hide_key", icon=":material/visibility_off:", on_click=_on_hide)
    else:
        st.button(
            "Show key",
            key="show_key",
            icon=":material/visibility:",
            on_click=_on_show,
            **guarded(Permission.READ_SANDBOX_KEY),
        )
    if failure := st.session_state.pop(FAILURE, None):
        show_failure(failure, "The key cannot be shown")


def _on_show() -> None:
    try:
        key = page_services().services.access.sandbox_key.reveal()
    except BillingError as failure:
        st.session_state[FAILURE] = failure
    else:
        st.session_state[SANDBOX_KEY] = key


def _on_hide() -> None:
    st.session_state.pop(SANDBOX_KEY, None)
