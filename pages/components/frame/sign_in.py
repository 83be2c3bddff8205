"""What somebody sees who is not, or not yet, allowed in: no data and no navigation."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from billing.access.caller import current_identity
from billing.access.mode import AccessMode
from billing.access.oidc.routes import FAILED_COOKIE
from billing.errors import BillingError
from billing.safe_text import sanitize
from billing.settings.model import TRUSTED_PROXIES, USER_HEADER
from pages.components.errors import show_failure
from pages.components.text.markdown import code, plain
from pages.services import page_services

if TYPE_CHECKING:
    from collections.abc import Iterator

    from billing.domain.access import Identity
    from billing.services import Services

TRY_AGAIN = "4s"
_MARK = Path(__file__).parents[2].joinpath("icon.svg").read_text(encoding="utf-8")


def may_enter() -> bool:
    """Whoever has the page open is known, and has a role."""
    identity = current_identity()
    return identity is not None and identity.role is not None


def entrance(services: Services) -> None:
    """The page in place of every other for whoever may not enter."""
    identity = current_identity()
    st.set_page_config(page_title=f"Sign in · {sanitize(services.settings.product_name)}")
    with _card(services.settings.product_name):
        if identity is not None:
            _turned_away(services, identity)
        elif failure := _lookup_failure():
            _try_again(failure)
        elif services.access.mode is AccessMode.OIDC:
            _sign_in()
        else:
            st.write("The proxy in front of this dashboard has not said who you are.")
            st.write("Open the dashboard at the address where the proxy signs you in.")
            st.caption(
                f"The proxy names you in the header that {plain(USER_HEADER)} says, and is "
                f"believed at the addresses in {plain(TRUSTED_PROXIES)}."
            )


def _lookup_failure() -> BillingError | None:
    """Why it is not known who has the page open, where the database did not say."""
    try:
        page_services().caller()
    except BillingError as failure:
        return failure
    return None


@st.fragment(run_every=TRY_AGAIN)
def _try_again(failure: BillingError) -> None:
    """The failure, until it is over."""
    show_failure(_lookup_failure() or failure, "It cannot be read who you are")
    if may_enter():
        st.rerun()


@contextmanager
def _card(product_name: str) -> Iterator[None]:
    with st.container(key="entrance", horizontal_alignment="center"), st.container(width=420):
        st.image(_MARK, width=48, alt="")
        st.title(plain(product_name), anchor=False)
        yield


def _sign_in() -> None:
    st.write("The team's billing dashboard: Stripe Checkout, payments and webhooks in test mode.")
    if st.context.cookies.get(FAILED_COOKIE):
        st.warning(
            "You were not signed in: the identity provider refused, could not be reached, or the "
            "attempt took too long. Try again, or ask whoever runs this server to look at its log.",
            icon=":material/error:",
        )
    if st.button("Sign in", type="primary", icon=":material/login:", width="stretch"):
        st.login()
    st.caption("You continue at your organization's sign-in page, and come back to this page.")


def _turned_away(services: Services, identity: Identity) -> None:
    st.write(f"You are signed in as {code(identity.name)}, who may not use this dashboard.")
    st.write(plain(services.access.roles.whom_to_ask()))
    if services.access.mode is AccessMode.OIDC:
        if st.button("Sign out", type="primary", icon=":material/logout:", width="stretch"):
            st.logout()
        st.caption("Then you can sign in with another account.")
