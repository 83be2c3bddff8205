"""The notice that the two Prices cannot be sold, and the button that creates them."""

from __future__ import annotations

from functools import partial

import streamlit as st

from billing.domain.access import Permission
from billing.domain.sessions.checkout_session import Kind
from billing.errors import BillingError, NotConfigured
from pages.components.errors import failure_lines
from pages.components.frame.notices import Notice, Severity
from pages.components.frame.stripe_notices import copy_outdated
from pages.components.permission import guarded
from pages.components.press import Press
from pages.components.setup.notices import setup_link
from pages.services import page_services


def wait_for_prices() -> None:
    """Give Stripe a moment to name the prices, so that the page is drawn with them."""
    billing = page_services()
    patience = billing.services.timings.page_prices_seconds
    billing.call(lambda: billing.services.catalog.wait_for_prices(patience))


def no_price() -> Notice | None:
    """A Price is not set, does not exist, or Stripe cannot be asked for it."""
    billing = page_services()
    settings = billing.services.settings
    if not settings.stripe_is_configured:
        return None  # there is a notice of that already
    catalog = billing.services.catalog
    lookups = [billing.call(partial(catalog.cached_price, kind)) for kind in Kind]
    failures = [lookup.failure for lookup in lookups if lookup.failure and not lookup.price]
    others = [failure for failure in failures if not _is_unset(failure)]
    if others:
        if others[0].is_temporary and copy_outdated():
            return None
        text = " ".join(failure_lines(others[0]))
        return Notice(Severity.ERROR, "No price", text, "sell", setup_link)
    if not failures:
        return None
    failure = _press().failure
    if failure:
        text = " ".join(failure_lines(failure))
        return Notice(
            Severity.ERROR, "The Prices were not created", text, "sell", create_prices_button
        )
    text = "The Stripe account has no Price for the Pro plan or for credits yet."
    return Notice(Severity.WARNING, "No Prices", text, "sell", create_prices_button)


def _is_unset(failure: BillingError) -> bool:
    problems = page_services().services.settings.problems
    return isinstance(failure, NotConfigured) and failure.setting not in problems


def _press() -> Press[bool]:
    press: Press[bool] = st.session_state.setdefault("create_prices_press", Press[bool]())
    return press


def create_prices_button() -> None:
    """The button that creates the Prices which no setting names."""
    if st.button(
        "Create both Prices",
        key="create_prices",
        type="primary",
        icon=":material/add:",
        **guarded(Permission.SET_UP),
    ):
        billing, press = page_services(), _press()
        setup = billing.services.account_setup
        press.attempt(lambda key: billing.call(lambda: setup.create_prices(idempotency_key=key)))
        if press.created:
            del st.session_state["create_prices_press"]
            st.session_state.pop("setup_report", None)
        st.rerun()  # the whole page, which can sell now
