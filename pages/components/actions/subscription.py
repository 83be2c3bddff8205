"""The dialogs of a subscription, and the customer portal."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import streamlit as st

from billing.domain.actions.subscription import SubscriptionAction
from billing.urls import BILLING_PATH, web_url
from pages.components.actions.target import button_row, nothing_to_do
from pages.components.actions.wording import BUTTONS, done, effects
from pages.components.danger import danger_button
from pages.services import page_services

if TYPE_CHECKING:
    from billing.domain.ledger.pro import ProState
    from pages.components.actions.target import ActionDialog


def subscription_dialog(dialog: ActionDialog, state: ProState, action: SubscriptionAction) -> None:
    """What it would do, and the button."""
    st.markdown("\n".join(f"- {line}" for line in effects(state, action)))
    label, args = BUTTONS[action], (dialog, state, action)
    with button_row():
        if action is SubscriptionAction.CANCEL_NOW:
            danger_button(label, key="action_now", on_click=_on_change, args=args)
        else:
            st.button(label, key="action_now", type="primary", on_click=_on_change, args=args)


def _on_change(dialog: ActionDialog, state: ProState, action: SubscriptionAction) -> None:
    billing = page_services()
    name = state.subscription.id

    def act(key: str) -> str:
        actions = billing.services.actions
        billing.call(lambda: actions.change_subscription(name, action, idempotency_key=key))
        now = billing.call(lambda: actions.of_subscription(name)).pro
        return done(now or state, action)

    dialog.attempt(act)


def portal_dialog(dialog: ActionDialog, state: ProState) -> None:
    """The link to the customer portal, which is created when the dialog opens."""
    customer, press = state.subscription.customer, dialog.press
    if customer is None:
        nothing_to_do("The subscription names no Customer, so that nobody can open it.")
        return
    if press.created is None and press.failure is None:
        billing, back = page_services(), _this_page()
        press.attempt(
            lambda key: billing.call(
                lambda: billing.services.actions.open_portal(
                    customer, return_path=back, idempotency_key=key
                )
            )
        )
    if press.failure:
        with button_row():
            st.button("Try again", key="action_now", on_click=dialog.begin_anew)
    elif url := web_url(press.created):
        st.markdown(
            "There the customer changes the card, cancels or keeps the plan, and sees and pays "
            "invoices. The link opens it within 5 minutes, and leads back here."
        )
        with button_row():
            st.link_button(
                "Open customer portal",
                url,
                type="primary",
                icon=":material/open_in_new:",
                icon_position="right",
            )


def _this_page() -> str:
    """The path and query of the page at hand, to which the portal leads back."""
    path = urlsplit(st.context.url or "").path or BILLING_PATH
    query = {name: st.query_params.get_all(name) for name in st.query_params}
    return f"{path}?{urlencode(query, doseq=True)}" if query else path
