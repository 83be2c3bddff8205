"""Who is signed in, with which role, and the way out."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from billing.access.caller import current_identity
from billing.domain.access import Role
from billing.errors import BillingError
from pages.components.errors import show_failure
from pages.components.text.markdown import code, plain
from pages.services import page_services, request_headers

if TYPE_CHECKING:
    from billing.access.oidc.way import Oidc

MAY = {
    Role.VIEWER: "You can look at everything and export it.",
    Role.TESTER: "You can sell, pay in the sandbox, refund, run scenarios and replay events.",
    Role.ADMIN: "You can do everything, including Setup, faults and reset.",
}


def account() -> None:
    """The person's menu; nothing where nobody signs in."""
    shared = page_services()
    access, identity = shared.services.access, current_identity()
    if not access.mode.signs_in or identity is None or identity.role is None:
        return
    with st.popover(_label(identity.name), icon=":material/account_circle:", key="account"):
        st.write(code(identity.name))
        st.badge(identity.role.capitalize(), icon=":material/badge:", color="blue")
        st.caption(MAY[identity.role])
        if access.oidc is not None:
            _ways_out(access.oidc)


def stay_signed_in() -> None:
    """Somebody does something with the page, which alone its live parts are not: the sign-in is
    not idle."""
    shared = page_services()
    if oidc := shared.services.access.oidc:
        with suppress(BillingError):  # it is only idle sooner
            shared.call(partial(oidc.mark_used, request_headers()))


def _label(name: str) -> str:
    """``name`` as a label, which a screen reader reads with every backslash: without those before
    what is in most names, and at most slants a letter."""
    return re.sub(r"\\([._+-])", r"\1", plain(name))


def _ways_out(oidc: Oidc) -> None:
    if st.button("Sign out", icon=":material/logout:", width="stretch"):
        st.logout()
    if st.button(
        "Sign out everywhere",
        icon=":material/devices:",
        width="stretch",
        help="In every browser where you are signed in. Open pages close within a minute.",
    ):
        shared = page_services()
        try:
            shared.call(partial(oidc.end_everywhere, request_headers()))
        except BillingError as failure:
            show_failure(failure, "You are still signed in")
        else:
            shared.caller().record("sign_out_everywhere", "")
            st.logout()
