"""What stands in place of the button that sells Pro to somebody who has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from billing.domain.ledger.second_pro import way_out
from billing.errors import BillingError
from pages.components.actions.menu import subscription_actions
from pages.components.billing.chosen_buyer import chosen_buyer, chosen_name
from pages.components.text.markdown import code, plain
from pages.components.text.times import local
from pages.services import page_services

if TYPE_CHECKING:
    from billing.domain.ledger.pro import ProState


def pro_of_chosen_buyer() -> ProState | None:
    """The subscription that whoever is chosen has already; None where our copy knows none."""
    billing, buyer = page_services(), chosen_buyer()
    if buyer is None:
        return None
    try:
        return billing.call(lambda: billing.services.buyers.live_pro(buyer.customer, buyer.email))
    except BillingError:
        return None  # pressing the button says what is wrong


def has_pro(state: ProState) -> None:
    """That they have Pro, until when or in which state, and what can be done with it."""
    subscription, due = state.subscription, state.due
    status = f"{code(subscription.id)}, {plain(subscription.status)}"
    if due.quantity and due.access_until:
        status += f" until {local(due.access_until):%d %b %Y}"
    st.info(
        f"{code(chosen_name())} already has the Pro plan: {status}. {plain(way_out(state))}",
        icon=":material/workspace_premium:",
    )
    subscription_actions(subscription.id)
