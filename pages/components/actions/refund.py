"""The dialog of a refund: all that is left, so many credits, or an amount."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TYPE_CHECKING

import streamlit as st

from billing.domain.actions.payment import RefundReason
from billing.domain.ledger.pro import ENDED
from billing.domain.money import decimals, format_money
from pages.components.actions.target import button_row, nothing_to_do
from pages.components.actions.wording import credits_of, pro_effect_of_refund, refund_effects
from pages.components.danger import danger_button
from pages.components.text.markdown import plain
from pages.services import page_services

if TYPE_CHECKING:
    from billing.domain.actions.payment import PaymentState
    from billing.domain.actions.sale import Sale
    from billing.domain.ledger.refunds import Refund
    from pages.components.actions.target import ActionDialog


class Extent(StrEnum):
    """How much is refunded."""

    ALL = "all"
    CREDITS = "credits"
    AMOUNT = "amount"


FIELDS = ("refund_extent", "refund_credits", "refund_amount", "refund_reason", "refund_cancels")


def refund_dialog(dialog: ActionDialog, sale: Sale) -> None:
    """Its fields, what it would do, and the button; where it would be refused, why."""
    payment = sale.payment
    if payment is None:
        nothing_to_do("Nothing has been paid for it yet, or Stripe could not be asked.")
        return
    if payment.refusal:
        nothing_to_do(payment.refusal)
        return
    extent = _extent(dialog, payment)
    amount, problem = _amount(payment, extent)
    _fields(dialog, payment, extent)
    if problem:
        st.error(problem, icon=":material/error:")
    st.selectbox(
        "Reason",
        RefundReason,
        format_func=lambda reason: RefundReason(reason).label,
        key="refund_reason",
        on_change=dialog.begin_anew,
    )
    can_cancel = sale.pro is not None and sale.pro.subscription.status not in ENDED
    cancels = can_cancel and st.checkbox(
        "Cancel Pro as well", key="refund_cancels", on_change=dialog.begin_anew
    )
    if amount is None:
        with button_row():
            st.button("Refund", key="refund_now", disabled=True)
        return
    lines = refund_effects(payment, payment.preview(amount))
    if sale.pro:
        lines.append(pro_effect_of_refund(sale.pro, cancels=cancels))
    st.markdown("\n".join(f"- {line}" for line in lines))
    with button_row():
        danger_button(
            f"Refund {plain(format_money(amount, payment.currency))}",
            key="refund_now",
            on_click=_on_refund,
            args=(dialog, sale),
        )


def forget_fields() -> None:
    """For a dialog that is opened: its fields begin anew."""
    for name in FIELDS:
        st.session_state.pop(name, None)


def _extent(dialog: ActionDialog, payment: PaymentState) -> Extent:
    has_credits = payment.credits > 1
    choices = (
        [Extent.ALL, Extent.CREDITS, Extent.AMOUNT]
        if has_credits
        else [
            Extent.ALL,
            Extent.AMOUNT,
        ]
    )
    left = plain(format_money(payment.left, payment.currency))
    labels = {
        Extent.ALL: f"All that is left ({left})",
        Extent.CREDITS: "Some credits",
        Extent.AMOUNT: "An amount",
    }
    return st.radio(
        "How much",
        choices,
        format_func=labels.__getitem__,
        key="refund_extent",
        on_change=dialog.begin_anew,
    )


def _fields(dialog: ActionDialog, payment: PaymentState, extent: Extent) -> None:
    # No bounds: the browser would keep the last number that fits, and show the one that was typed.
    if extent is Extent.CREDITS:
        st.number_input(
            "Credits to take back",
            value=1.0,
            step=1.0,
            format="%g",
            key="refund_credits",
            help=f"1 to {payment.credits:,}.",
            on_change=dialog.begin_anew,
        )
    elif extent is Extent.AMOUNT:
        digits = decimals(payment.currency)
        st.number_input(
            f"Amount in {payment.currency.upper()}",
            value=_in_units(payment.left, digits),
            step=float(Decimal(1).scaleb(-digits)),
            format=f"%.{digits}f",
            key="refund_amount",
            help=f"At most {plain(format_money(payment.left, payment.currency))}.",
            on_change=dialog.begin_anew,
        )


def _amount(payment: PaymentState, extent: Extent) -> tuple[int | None, str]:
    """The amount that the fields ask for, in minor units; None and why, where it cannot be."""
    if extent is Extent.ALL:
        return payment.left, ""
    if extent is Extent.CREDITS:
        quantity = st.session_state.get("refund_credits", 1.0)
        if quantity is None or not quantity.is_integer() or not 1 <= quantity <= payment.credits:
            return None, f"Enter a whole number of credits from 1 to {payment.credits:,}."
        return payment.amount_for(int(quantity)), ""
    digits = decimals(payment.currency)
    least, most = (plain(format_money(one, payment.currency)) for one in (1, payment.left))
    problem = f"Enter an amount from {least} to {most}."
    value = st.session_state.get("refund_amount", _in_units(payment.left, digits))
    try:
        amount = Decimal(str(value)).scaleb(digits)
        if amount != int(amount) or not 1 <= amount <= payment.left:
            return None, problem
    except (InvalidOperation, ValueError, OverflowError):
        return None, problem
    return int(amount), ""


def _in_units(minor_units: int, digits: int) -> float:
    return float(Decimal(minor_units).scaleb(-digits))


def _on_refund(dialog: ActionDialog, sale: Sale) -> None:
    """Refund what the fields ask for now: a number may have been typed just before the press."""
    payment = sale.payment
    if payment is None:
        return
    amount, _ = _amount(payment, st.session_state["refund_extent"])
    if amount is None:
        return
    reason = RefundReason(st.session_state["refund_reason"])
    cancels = bool(st.session_state.get("refund_cancels"))
    billing = page_services()

    def act(key: str) -> str:
        refund = billing.call(
            lambda: billing.services.actions.refund(
                payment, amount, reason=reason, cancels_pro=cancels, idempotency_key=key
            )
        )
        return _done(refund, payment, cancels=cancels)

    dialog.attempt(act)


def _done(refund: Refund, payment: PaymentState, *, cancels: bool) -> str:
    """What was done, as Markdown."""
    amount = plain(format_money(refund.amount, payment.currency))
    preview = payment.preview(refund.amount)
    canceled = " Pro has ended: the subscription is canceled." if cancels else ""
    if refund.status != "succeeded":
        later = " Credits are taken back when it succeeds." if preview.credits_taken else ""
        return (
            f"The refund of {amount} is {plain(refund.status.replace('_', ' '))}.{later}{canceled}"
        )
    taken = f" {credits_of(preview.credits_taken)} taken back." if preview.credits_taken else ""
    return f"{amount} refunded.{taken}{canceled}"
