"""The dialogs of what only a sandbox brings about: disputes, renewals that fail, retries."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import streamlit as st

from billing.domain.actions.offered import SandboxAction
from billing.domain.actions.subscription import unpaid_invoice
from pages.components.actions.target import button_row, nothing_to_do
from pages.components.actions.wording import BUTTONS, day, what_is_held
from pages.components.text.markdown import code
from pages.scenarios.sandbox_client import sandbox_controls
from pages.services import page_services

if TYPE_CHECKING:
    from collections.abc import Callable

    from billing.domain.actions.offered import Action
    from billing.domain.actions.payment import PaymentState
    from billing.domain.actions.sale import Sale
    from billing.domain.ledger.pro import ProState
    from pages.components.actions.target import ActionDialog
    from pages.services import PageServices


class DisputeEnd(StrEnum):
    """What becomes of a dispute."""

    OPEN = "open"
    LOST = "lost"
    WON = "won"
    INQUIRY = "inquiry"
    ESCALATED = "escalated"
    CLOSED = "closed"


LABELS = {
    DisputeEnd.OPEN: "Disputed, not decided yet",
    DisputeEnd.LOST: "Lost",
    DisputeEnd.WON: "Won",
    DisputeEnd.INQUIRY: "Inquiry: the bank only asks",
    DisputeEnd.ESCALATED: "It becomes a dispute",
    DisputeEnd.CLOSED: "The inquiry is closed",
}
DONE = {
    DisputeEnd.OPEN: "The payment is disputed.",
    DisputeEnd.LOST: "The dispute is lost.",
    DisputeEnd.WON: "The evidence is submitted; the dispute is won within seconds.",
    DisputeEnd.INQUIRY: "The bank has opened an inquiry.",
    DisputeEnd.ESCALATED: "The inquiry becomes a dispute within seconds.",
    DisputeEnd.CLOSED: "The inquiry is closed.",
}
_END = "dispute_end"


def dispute_dialog(dialog: ActionDialog, sale: Sale) -> None:
    """Has the customer's bank dispute the payment."""
    if sale.payment is None or sale.payment.disputes:
        nothing_to_do("This payment has been disputed already, or is not paid.")
        return
    _choose(
        dialog,
        sale,
        (DisputeEnd.OPEN, DisputeEnd.LOST, DisputeEnd.WON, DisputeEnd.INQUIRY),
    )


def decide_dialog(dialog: ActionDialog, sale: Sale) -> None:
    """Ends an open dispute, or an inquiry."""
    dispute = sale.payment.dispute if sale.payment else None
    if dispute is None:
        nothing_to_do("The dispute has been decided already.")
        return
    _choose(
        dialog,
        sale,
        (DisputeEnd.CLOSED, DisputeEnd.ESCALATED)
        if dispute.is_inquiry
        else (DisputeEnd.WON, DisputeEnd.LOST),
    )


def fail_renewal_dialog(dialog: ActionDialog, state: ProState) -> None:
    """Has a card pay that is declined."""
    end = day(state.subscription.period_end)
    st.markdown(
        "- From now on the subscription is paid by a test card that is **declined**.\n"
        f"- The renewal on {end} fails; Pro stays while Stripe retries it.\n"
        "- To get there, advance the sandbox's clock on the Test kit page. A new card in the "
        "customer portal mends it."
    )
    _button(SandboxAction.FAIL_NEXT_RENEWAL, _on_fail_renewal, dialog, state)


def retry_dialog(dialog: ActionDialog, state: ProState) -> None:
    """Tries to collect the invoice that is not paid."""
    invoice = unpaid_invoice(state)
    if invoice is None:
        nothing_to_do("No invoice is unpaid.")
        return
    planned = (
        f"Stripe's own next attempt is on {day(invoice.next_attempt)}."
        if invoice.next_attempt
        else "Stripe does not try it again by itself."
    )
    st.markdown(
        f"- Stripe tries to collect {code(invoice.id)} **now**, with the subscription's card. "
        f"{planned}\n"
        f"- When it is paid, **Pro lasts until {day(state.subscription.until)}**; when the card "
        "is declined, nothing changes."
    )
    _button(SandboxAction.RETRY_INVOICE, _on_retry, dialog, state, invoice.id)


def _choose(dialog: ActionDialog, sale: Sale, ends: tuple[DisputeEnd, ...]) -> None:
    end = st.radio(
        "What happens",
        ends,
        format_func=LABELS.__getitem__,
        key=_END,
        on_change=dialog.begin_anew,
    )
    st.markdown(f"- {_effect(end, sale)}")
    _button(dialog.action, _on_dispute, dialog, sale)


def _effect(end: DisputeEnd, sale: Sale) -> str:
    held = what_is_held(sale)
    match end:
        case DisputeEnd.OPEN | DisputeEnd.ESCALATED:
            return f"The bank holds the money, and **{held}** with it, until it is decided."
        case DisputeEnd.LOST:
            return f"The bank gives the money back to the customer, who loses **{held}** for good."
        case DisputeEnd.WON:
            return f"Some seconds later the money comes back, and **{held}** with it."
        case DisputeEnd.INQUIRY | DisputeEnd.CLOSED:
            return "No money moves, and the customer keeps everything."


def _button(action: Action, on_click: Callable[..., None], *args: object) -> None:
    with button_row():
        st.button(BUTTONS[action], key="action_now", type="primary", on_click=on_click, args=args)
    st.caption("Shown in the sandbox only.")


def _on_dispute(dialog: ActionDialog, sale: Sale) -> None:
    payment, end = sale.payment, DisputeEnd(st.session_state[_END])
    if payment is None:
        return

    def act(key: str) -> str:
        disputed = payment if payment.dispute else _dispute(dialog, payment, end)
        if end in (DisputeEnd.LOST, DisputeEnd.WON, DisputeEnd.ESCALATED, DisputeEnd.CLOSED):
            _answer(page_services(), disputed, end, key)
        return DONE[end]

    dialog.attempt(act)


def _dispute(dialog: ActionDialog, payment: PaymentState, end: DisputeEnd) -> PaymentState:
    """The payment, disputed; as Stripe has it. One that an earlier try has disputed stays so."""
    billing, controls = page_services(), sandbox_controls()
    actions = billing.services.actions
    sale = dialog.target.read()
    if controls and not (sale.payment and sale.payment.dispute):
        charge = billing.call(lambda: actions.charge_of(payment.payment_intent))
        kind = "inquiry" if end is DisputeEnd.INQUIRY else "fraudulent"
        controls.dispute(charge, kind)
        billing.call(lambda: actions.refresh(sale))
    return dialog.target.read().payment or payment


def _answer(billing: PageServices, payment: PaymentState, end: DisputeEnd, key: str) -> None:
    dispute, actions = payment.dispute, billing.services.actions
    if dispute is None:
        return
    loses = end in (DisputeEnd.LOST, DisputeEnd.CLOSED)
    answer = actions.lose_dispute if loses else actions.win_dispute
    billing.call(lambda: answer(payment, dispute, idempotency_key=key))


def _on_fail_renewal(dialog: ActionDialog, state: ProState) -> None:
    billing, subscription = page_services(), state.subscription

    def act(key: str) -> str:
        billing.call(
            lambda: billing.services.actions.fail_next_renewal(
                subscription.id, subscription.customer or "", idempotency_key=key
            )
        )
        return f"The renewal on {day(subscription.period_end)} will fail."

    dialog.attempt(act)


def _on_retry(dialog: ActionDialog, state: ProState, invoice: str) -> None:
    billing, name = page_services(), state.subscription.id

    def act(key: str) -> str:
        actions = billing.services.actions
        billing.call(lambda: actions.pay_invoice(name, invoice, idempotency_key=key))
        return "The invoice is paid."

    dialog.attempt(act)
