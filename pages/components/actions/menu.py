"""What can be done with a sale: one button for its state, the rest in a menu, and the dialog of the
one that was chosen.

The dialog opens in place, as drawers are dialogs already and Streamlit nests none.
"""

from __future__ import annotations

import streamlit as st

from billing.domain.actions.offered import (
    Action,
    SaleAction,
    SandboxAction,
    offered,
    permission_for,
)
from billing.domain.actions.sale import Sale
from billing.domain.actions.subscription import SubscriptionAction
from billing.errors import BillingError
from pages.components.actions.refund import forget_fields, refund_dialog
from pages.components.actions.sandbox import (
    decide_dialog,
    dispute_dialog,
    fail_renewal_dialog,
    retry_dialog,
)
from pages.components.actions.subscription import portal_dialog, subscription_dialog
from pages.components.actions.target import (
    ActionDialog,
    Target,
    current_dialog,
    nothing_to_do,
    open_dialog,
    result_of,
)
from pages.components.actions.wording import LABELS, TITLES, icon
from pages.components.errors import show_failure
from pages.components.permission import guarded
from pages.services import page_services

_MENDING = (
    SubscriptionAction.KEEP,
    SubscriptionAction.RESUME_COLLECTION,
    SubscriptionAction.RESUME,
    SandboxAction.RETRY_INVOICE,
    SandboxAction.DECIDE_DISPUTE,
)


def payment_actions(payment_intent: str, subscription: str | None = None) -> None:
    """What can be done with a payment: one for credits, or of an invoice of ``subscription``.

    Draw it in a fragment that runs by itself; call ``close_actions`` when its drawer is closed.
    """
    _sale_actions(Target(payment=payment_intent, subscription=subscription))


def subscription_actions(subscription_id: str) -> None:
    """What can be done with a subscription, and with the payment of its newest paid invoice."""
    _sale_actions(Target(subscription=subscription_id))


def _sale_actions(target: Target) -> None:
    with st.container(horizontal=True, gap="small"):
        sale = action_buttons(target)
    if sale:
        action_dialog(target, sale)


def action_buttons(target: Target) -> Sale | None:
    """The button and the menu, in the caller's row; what they are about, where that is known."""
    try:
        sale = target.read()
    except BillingError as failure:
        show_failure(failure, "What can be done with it could not be read")
        return None
    about = Sale(sale.payment) if target.payment else sale
    found = offered(about, in_sandbox=page_services().controls_url is not None)
    if found.primary:
        st.button(
            LABELS[found.primary],
            key=f"action_{target.key}",
            icon=icon(found.primary),
            type="primary" if found.primary in _MENDING else "secondary",
            on_click=_on_choose,
            args=(target, found.primary),
            **guarded(permission_for(found.primary)),
        )
    if found.others:
        st.menu_button(
            "More" if found.primary else "Actions",
            found.others,
            key=f"more_{target.key}",
            format_func=lambda action: f"{icon(action)} {LABELS[action]}",
            on_click=_on_menu,
            args=(target,),
            **guarded(permission_for(found.others[0])),  # all need the same role
        )
    return sale


def action_dialog(target: Target, sale: Sale) -> None:
    """The dialog that is open, or what its action has done."""
    result = result_of(target)
    if isinstance(result, BillingError):
        show_failure(result, "Only a part was done")
    elif result:
        st.success(result, icon=":material/check:")
    dialog = current_dialog(target)
    if dialog is None:
        return
    with st.container(border=True, key="action_dialog"):
        st.subheader(TITLES[dialog.action], anchor=False)
        if dialog.failure:
            show_failure(dialog.failure, "Stripe could not be asked first")
        _content(dialog, sale)
        if dialog.press.failure:
            show_failure(dialog.press.failure, "The action failed")


def _content(dialog: ActionDialog, sale: Sale) -> None:
    """The dialog of its action. Where the sale has changed meanwhile, so that it is possible no
    more, nothing but Close is left."""
    match dialog.action, sale.pro:
        case SaleAction.REFUND, _:
            refund_dialog(dialog, sale)
        case SandboxAction.DISPUTE, _:
            dispute_dialog(dialog, sale)
        case SandboxAction.DECIDE_DISPUTE, _:
            decide_dialog(dialog, sale)
        case _, None:
            nothing_to_do("This subscription is not known here any more.")
        case SaleAction.OPEN_PORTAL, state:
            portal_dialog(dialog, state)
        case SandboxAction.FAIL_NEXT_RENEWAL, state:
            fail_renewal_dialog(dialog, state)
        case SandboxAction.RETRY_INVOICE, state:
            retry_dialog(dialog, state)
        case SubscriptionAction() as action, state:
            subscription_dialog(dialog, state, action)


def _on_choose(target: Target, action: Action) -> None:
    forget_fields()
    open_dialog(target, action)


def _on_menu(target: Target) -> None:
    _on_choose(target, st.session_state[f"more_{target.key}"])
