"""Creating a Price or a webhook endpoint in the Stripe account, in a dialog that asks first."""

from __future__ import annotations

import streamlit as st

from billing.domain.access import Permission
from billing.errors import BillingError
from billing.settings.model import SECRETS_FILE
from billing.setup.findings import Missing, Report
from billing.setup.provisioning import CreatedObject, planned_price
from billing.setup.webhook_checks import ENDPOINT_EVENTS
from pages.components.errors import show_failure
from pages.components.permission import guarded
from pages.components.press import Press
from pages.components.setup.event_types import listed_types
from pages.components.text.markdown import code, plain
from pages.services import page_services

SNAPSHOT, THIN = PAYLOADS = ("Snapshot", "Thin")


def create_button(missing: Missing, report: Report) -> None:
    """The button that opens the dialog."""
    price = planned_price(missing)
    label = f"Create this Price ({price.amount})…" if price else "Create this endpoint…"
    if st.button(
        plain(label),
        key=f"create_{missing}",
        icon=":material/add:",
        **guarded(Permission.SET_UP),
    ):
        st.session_state["create_press"] = Press[CreatedObject]()
        title = f"Create the {price.name}" if price else "Create the webhook endpoint"
        st.dialog(title, width="medium", on_dismiss=close)(dialog)(missing, report)


def close() -> None:
    """The dialog is closed: what was created, a secret perhaps, is shown no more; check anew."""
    for name in ("create_press", "no_thin_events", "setup_report"):
        st.session_state.pop(name, None)


def dialog(missing: Missing, report: Report) -> None:
    """Asks, creates, and shows what belongs into the settings."""
    press: Press[CreatedObject] = st.session_state.setdefault(
        "create_press", Press[CreatedObject]()
    )
    if press.created is None:
        plan(missing, report)
        with st.container(horizontal=True):
            pressed = st.button("Create", key="create_now", type="primary")
            if st.button("Cancel", key="create_cancel"):
                st.session_state.pop("create_press")
                st.rerun()
        if pressed:
            create(missing, press)
        if press.failure:
            show_failure(press.failure, "Nothing was created")
    if press.created:
        show_result(press.created)


def plan(missing: Missing, report: Report) -> None:
    """What will be created, and where."""
    services = page_services().services
    account = report.account
    name = f" {plain(account.found.rstrip('.'))} {code(account.reference)}" if account else ""
    st.markdown(f"In the account{name} at {code(services.gateway.api_base)}, this will be created:")
    if price := planned_price(missing):
        price_kind = "a recurring" if price.interval else "a one-time"
        st.markdown(
            f"- the Product **{plain(price.product_name)}**\n"
            f"- {price_kind} Price of **{plain(price.amount)}** for it"
        )
    else:
        st.markdown(
            f"- a webhook endpoint at {code(services.account_setup.webhook_url)}\n"
            f"- it receives the {len(ENDPOINT_EVENTS)} types of event that this app needs: "
            f"{listed_types(ENDPOINT_EVENTS)}"
        )
        payload_choice()


def payload_choice() -> None:
    """Snapshot or thin events, where the key may use both."""
    billing = page_services()
    if "no_thin_events" not in st.session_state:
        setup = billing.services.account_setup
        try:
            st.session_state["no_thin_events"] = billing.call(setup.no_thin_events)
        except BillingError as failure:
            st.session_state["no_thin_events"] = failure.message
    refused = st.session_state["no_thin_events"]
    st.radio(
        "Events",
        PAYLOADS,
        captions=(
            "Each event holds its object, in this app's version of the API.",
            "Each event names its object alone, in no version. Stripe recommends them.",
        ),
        key="create_payload",
        disabled=bool(refused),
    )
    if refused:
        st.caption(f"Thin events cannot be chosen. {plain(refused)}")


def create(missing: Missing, press: Press[CreatedObject]) -> None:
    """Create it; ``press`` holds what was created, or the failure."""
    billing = page_services()
    setup = billing.services.account_setup
    is_thin = missing is Missing.WEBHOOK_ENDPOINT and st.session_state.get("create_payload") == THIN
    with st.spinner("Creating it in Stripe…", show_time=True):
        press.attempt(
            lambda key: billing.call(
                lambda: setup.create(missing, idempotency_key=key, thin=is_thin)
            )
        )
    st.rerun(scope="fragment")


def show_result(created: CreatedObject) -> None:
    """The one place where a signing secret is shown, as Stripe itself shows it: once."""
    st.success(code(created.id), title="Created", icon=":material/check:")
    if created.is_found_by_key and created.setting not in page_services().services.settings.sources:
        st.markdown("This Price is sold from now on. No setting and no restart is needed.")
        done_button()
        return
    st.markdown(f"Add this to {code(str(SECRETS_FILE))} or the environment, then restart the app:")
    value = created.value.get_secret_value()
    st.code(f'{created.setting} = "{value}"', language=None, wrap_lines=True)
    if value != created.id:
        st.caption("Stripe shows this secret only once. Copy it before you close this dialog.")
    done_button()


def done_button() -> None:
    """The button that closes the dialog."""
    if st.button("Done", key="create_done"):
        close()
        st.rerun()
