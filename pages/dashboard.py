"""The frame around every page: config, navigation, notices, and which Stripe we talk to."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from billing.domain.access import Permission
from pages.components.billing.notices import no_price, wait_for_prices
from pages.components.billing.second_subscription import second_subscription
from pages.components.frame.account import account, stay_signed_in
from pages.components.frame.brand import brand
from pages.components.frame.navigation import sections
from pages.components.frame.notices import notices
from pages.components.frame.sign_in import entrance, may_enter
from pages.components.frame.stripe_notices import copy_outdated
from pages.components.live import follow_changes
from pages.components.permission import disabled_controls_explained
from pages.components.setup.notices import unreadable_secrets_file, unusable_key
from pages.components.test_kit.notices import clock_ahead, faults_on, webhook_faults_on
from pages.components.text.markdown import plain
from pages.components.text.times import count_times
from pages.services import ADMITTED, page_services, refusal
from pages.streamlit_setup.garbage import freeze_loaded

# No title here: the browser's tab is called as the page is.
st.set_page_config(page_icon=Path(__file__).with_name("icon.svg"), layout="wide")
st.html(Path(__file__).with_name("style.css"))
with st.container(key="scripts"):
    st.html(Path(__file__).with_name("browser.html"), unsafe_allow_javascript=True)
    count_times()


def home() -> None:
    """The root shows the billing page, whose address is a contract."""
    st.switch_page(billing, query_params=st.query_params.to_dict())


billing = st.Page("billing.py", title="Billing", icon=":material/payments:", url_path="billing")
sessions = st.Page(
    "sessions.py", title="Sessions", icon=":material/receipt_long:", url_path="sessions"
)
customers = st.Page(
    "customers.py", title="Customers", icon=":material/group:", url_path="customers"
)
events = st.Page("events.py", title="Events", icon=":material/bolt:", url_path="events")
requests = st.Page(
    "requests.py", title="Requests", icon=":material/swap_vert:", url_path="requests"
)
endpoints = st.Page(
    "endpoints.py", title="Endpoints", icon=":material/podcasts:", url_path="endpoints"
)
test_kit = st.Page("test_kit.py", title="Test kit", icon=":material/science:", url_path="test-kit")
setup = st.Page("setup.py", title="Setup", icon=":material/tune:", url_path="setup")
audit = st.Page(
    "audit.py",
    title="Audit",
    icon=":material/policy:",
    url_path="audit",
    visibility="hidden" if refusal(Permission.READ_AUDIT) else "visible",
)
GROUPS = {
    "": [st.Page(home, default=True, visibility="hidden")],
    "Sell": [billing],
    "Look": [sessions, customers],
    "Trace": [events, requests, endpoints],
    "Run": [test_kit],
    "Manage": [setup, audit],
}
shared = page_services()
services, settings = shared.services, shared.services.settings
admitted = st.session_state[ADMITTED] = may_enter()
# Also for strangers, whose address stays as it is: they come back to it.
page = st.navigation(sections(GROUPS), position="top" if admitted else "hidden")


def frame() -> None:
    """What is around the page, and the page."""
    stay_signed_in()
    follow_changes()

    brand(settings.product_name)

    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        st.title(page.title, anchor=False, width="content")
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            if settings.stripe_is_configured:
                st.badge(
                    f"{plain(services.stripe_name)} · no money moves",
                    icon=":material/science:",
                    color="orange",
                    help="All payments here are test payments. Live keys are refused.",
                )
            else:
                st.badge("Not connected to Stripe", icon=":material/error:", color="red")
            account()

    if page.title == billing.title:
        wait_for_prices()
    # The Setup page says in detail what is wrong with the settings.
    of_settings = (
        () if page.title == setup.title else (unusable_key, unreadable_secrets_file, no_price)
    )
    with disabled_controls_explained():
        notices(
            (
                *(*of_settings, second_subscription, faults_on, webhook_faults_on),
                *(copy_outdated, clock_ahead),
            ),
            page.title,
        )
        page.run()


# Not by st.stop(), after which Streamlit goes on to run the parts of the page that was here before.
if admitted:
    frame()
else:
    entrance(services)
freeze_loaded()  # the first page loads as much again as the server alone
