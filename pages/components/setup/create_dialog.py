"""Making something in the Stripe account: first asked in a dialog, then shown what to set."""

from __future__ import annotations

import streamlit as st

from billing.settings.model import SECRETS_FILE
from billing.setup.findings import Missing, Report
from billing.setup.provisioning import CreatedObject, planned_price
from billing.setup.webhook_checks import NEEDED_EVENTS, STORY_EVENTS
from pages.components.errors import show_failure
from pages.components.markdown import code, plain
from pages.components.press import Press
from pages.services import page_services


def create_button(missing: Missing, report: Report) -> None:
    """The button that opens the dialog."""
    price = planned_price(missing)
    label = f"Create this Price ({price.amount})…" if price else "Create this endpoint…"
    if st.button(plain(label), key=f"make_{missing}", icon=":material/add:"):
        st.session_state["making"] = Press[CreatedObject]()
        title = f"Create the {price.name}" if price else "Create the webhook endpoint"
        st.dialog(title, width="medium", on_dismiss=forget)(dialog)(missing, report)


def forget() -> None:
    """The dialog is over: what was made, a secret perhaps, is shown no more; look anew."""
    st.session_state.pop("making", None)
    st.session_state.pop("setup_report", None)


def dialog(missing: Missing, report: Report) -> None:
    """Asks, makes, and shows what belongs into the settings."""
    press: Press[CreatedObject] = st.session_state.setdefault("making", Press[CreatedObject]())
    if press.created is None:
        question(missing, report)
        with st.container(horizontal=True):
            pressed = st.button("Create", key="make_it", type="primary")
            if st.button("Cancel", key="cancel_making"):
                st.session_state.pop("making")
                st.rerun()
        if pressed:
            create(missing, press)
        if press.failure:
            show_failure(press.failure, "Nothing was created")
    if press.created:
        answer(press.created)


def question(missing: Missing, report: Report) -> None:
    """Exactly what will be made, and where."""
    services = page_services().services
    account = report.account
    name = f" {plain(account.found.rstrip('.'))} {code(account.reference)}" if account else ""
    st.markdown(f"In the account{name} at {code(services.gateway.api_base)}, this will be created:")
    if price := planned_price(missing):
        repeated = "a recurring" if price.interval else "a one-time"
        st.markdown(
            f"- the Product **{plain(price.product_name)}**\n"
            f"- {repeated} Price of **{plain(price.amount)}** for it"
        )
    else:
        needed, told = (
            "\n".join(f"  - {code(event)}" for event in events)
            for events in (NEEDED_EVENTS, STORY_EVENTS)
        )
        st.markdown(
            f"- a webhook endpoint at {code(services.account_setup.webhook_url)}\n"
            f"- it receives the events that this app needs:\n{needed}\n"
            f"- and those that complete a session's timeline:\n{told}"
        )


def create(missing: Missing, press: Press[CreatedObject]) -> None:
    """Have it made, and keep what came of it in ``press``."""
    billing = page_services()
    setup = billing.services.account_setup
    with st.spinner("Creating it in Stripe…", show_time=True):
        press.attempt(lambda key: billing.call(lambda: setup.create(missing, idempotency_key=key)))
    st.rerun(scope="fragment")


def answer(made: CreatedObject) -> None:
    """The one place where a signing secret is shown, as Stripe itself shows it: once."""
    st.success(code(made.id), title="Created", icon=":material/check:")
    st.markdown(f"Add this to {code(str(SECRETS_FILE))} or the environment, then restart the app:")
    value = made.value.get_secret_value()
    st.code(f'{made.setting} = "{value}"', language=None, wrap_lines=True)
    if value != made.id:
        st.caption("Stripe shows this secret only once. Copy it before you close this dialog.")
    if st.button("Done", key="making_done"):
        forget()
        st.rerun()
