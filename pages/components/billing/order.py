"""One press of a button of the Billing page, and the session that it creates."""

from __future__ import annotations

from dataclasses import dataclass, field

import streamlit as st

from billing.domain.access import Permission
from billing.domain.sessions.checkout_session import CheckoutSession, Kind
from billing.selling.buyers import Buyer
from billing.selling.checkout import LABEL_LENGTH, parse_label
from pages.components.billing.chosen_buyer import chosen_buyer
from pages.components.current_user import current_user
from pages.components.permission import guarded
from pages.components.press import Press
from pages.services import page_services

LABEL_FIELD = "session_label"


@dataclass
class Order:
    """One press of a button: ``quantity`` is None until it is pressed, with the ``label`` that was
    in the field and the ``buyer`` that was chosen then. ``is_stored`` says that the session has
    been seen in our copy, ``sent_at`` (monotonic) when the browser was sent to Checkout."""

    quantity: int | None = None
    label: str = ""
    buyer: Buyer | None = None
    is_stored: bool = False
    sent_at: float | None = None
    press: Press[CheckoutSession] = field(default_factory=Press[CheckoutSession])

    @property
    def is_pending(self) -> bool:
        press = self.press
        return self.quantity is not None and press.created is None and press.failure is None


def current_order(kind: Kind) -> Order:
    """The order for ``kind`` in this browser tab, or a new one."""
    order: Order = st.session_state.setdefault(f"order_{kind}", Order())
    return order


def clear_order(kind: Kind) -> None:
    """Begin a new order; what Stripe has created stays in the table."""
    st.session_state[f"order_{kind}"] = Order()


def place_order(kind: Kind) -> None:
    """As the button's callback: fix the quantity, or try again after a failure."""
    order = current_order(kind)
    if order.press.failure:
        order.press.failure = None  # the same once more
    elif order.quantity is None:
        order.quantity = selected_quantity() if kind is Kind.CREDITS else 1
        order.label = parse_label(st.session_state.get(LABEL_FIELD))
        order.buyer = chosen_buyer()


def label_field() -> None:
    """What the next session is called, so that a tester finds it again."""
    st.text_input(
        "Label (optional)",
        key=LABEL_FIELD,
        max_chars=LABEL_LENGTH,
        placeholder="Label, such as QA-1234 iOS",
        label_visibility="collapsed",
        width=260,
        **guarded(Permission.SELL),
    )


def selected_quantity() -> int | None:
    """The number in the field, or None where it cannot be bought."""
    number = st.session_state.get("credits_quantity", 1)
    maximum = page_services().services.settings.max_credits
    return int(number) if 1 <= number <= maximum and number == int(number) else None


def create_session(kind: Kind, order: Order) -> None:
    """Create the session; ``order.press`` holds it, or the failure."""
    billing, made_by, quantity = page_services(), current_user(), order.quantity or 1
    checkout, buyer = billing.services.checkout, order.buyer
    order.press.attempt(
        lambda key: billing.call(
            lambda: checkout.create(
                kind,
                quantity,
                idempotency_key=key,
                made_by=made_by,
                label=order.label,
                customer=buyer.customer if buyer else None,
                email=buyer.email if buyer else None,
            )
        )
    )
