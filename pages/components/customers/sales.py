"""What a customer bought: subscriptions, payments, invoices, Checkout Sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pandas as pd
import streamlit as st

from billing.domain.money import format_money
from billing.safe_text import sanitize
from pages.components.actions.menu import payment_actions, subscription_actions
from pages.components.actions.wording import day
from pages.components.customers.wording import short_day, what_comes_next
from pages.components.text.chips import OUTCOME_STYLES, chip, outcome_chip, outcome_text
from pages.components.text.ids import short_id
from pages.components.text.markdown import code, link, plain
from pages.components.text.times import exact_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from streamlit.elements.lib.mutable_expander_container import ExpanderContainer

    from billing.domain.customers.details import (
        CustomerDetails,
        CustomerInvoice,
        CustomerPayment,
        CustomerSubscription,
        PaymentDispute,
    )
    from billing.domain.ledger.refunds import Refund

SHOWN = 20
_COLORS = {
    **dict.fromkeys(("active", "trialing"), "green"),
    **dict.fromkeys(("past_due", "unpaid", "incomplete"), "orange"),
}


def subscriptions(details: CustomerDetails) -> None:
    """Each with its current period and what comes next."""
    if not details.subscriptions:
        return
    st.subheader(
        "Subscriptions" if len(details.subscriptions) > 1 else "Subscription", anchor=False
    )
    for one in details.subscriptions[:SHOWN]:
        with st.container(border=True, gap="xsmall", key=f"subscription_{one.id}"):
            _subscription(one)


def _subscription(one: CustomerSubscription) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        color = _COLORS.get(one.status, "gray")
        st.markdown(f":{color}-badge[{plain(_word(one.status))}]", width="content")
        if not one.gives_pro and one.status in ("active", "trialing", "past_due"):
            st.markdown(":red-badge[No Pro at present]", width="content")
        if one.collection_is_paused:
            st.markdown(chip("Collection paused"), width="content")
        if one.period_start and one.period_end:
            st.markdown(f"{day(one.period_start)} to {day(one.period_end)}", width="content")
    st.markdown(what_comes_next(one))
    st.markdown(f":small[{code(one.id)}]")
    subscription_actions(one.id)


def payments(details: CustomerDetails) -> None:
    """Each with its refunds and disputes."""
    if not details.payments:
        return
    st.subheader("Payments", anchor=False)
    with st.container(gap="xxsmall", key="payments"):
        for number, one in enumerate(details.payments[:SHOWN]):
            key = one.payment_intent or one.session_id or one.invoice or str(number)
            panel = _panel(_payment_label(one), f"payment_{key}")
            if panel.open:
                with panel:
                    _payment(one)
    _more(details, len(details.payments))


def _panel(label: str, key: str) -> ExpanderContainer:
    """An expander that stays open when its label changes, as Streamlit takes that for another."""
    opened: set[str] = st.session_state.setdefault("payments_open", set())

    def remember() -> None:
        (opened.add if st.session_state[key] else opened.discard)(key)

    st.session_state[key] = key in opened
    return st.expander(label, key=key, on_change=remember)


def _payment_label(one: CustomerPayment) -> str:
    amount = plain(format_money(one.amount, one.currency))
    badge = f":{OUTCOME_STYLES[one.outcome].color}-badge[{outcome_text(one.outcome)}]"
    due = next((text for dispute in one.disputes if (text := _evidence(dispute))), "")
    return " · ".join(
        filter(None, (f"**{amount}** {badge} {plain(one.what)}", short_day(one.at), due))
    )


def _payment(one: CustomerPayment) -> None:
    lines = [f"Paid {exact_time(one.at)}"]
    lines += [_refund(refund, one.currency) for refund in one.refunds]
    lines += [_dispute(dispute, one.currency) for dispute in one.disputes]
    if one.session_id:
        lines.append(f"Session {_session_link(one.session_id, short_id(one.session_id))}")
    ids = (one.payment_intent, one.invoice)
    lines.append(", ".join(code(name) for name in ids if name))
    st.markdown("  \n".join(filter(None, lines)))
    if one.payment_intent:
        payment_actions(one.payment_intent, one.subscription)


def _refund(refund: Refund, currency: str) -> str:
    amount = plain(format_money(refund.amount, currency))
    status = plain(_word(refund.status)).lower()
    return f"Refund of **{amount}**, {status}, {day(refund.created)}: {code(refund.id)}"


def _dispute(found: PaymentDispute, currency: str) -> str:
    dispute = found.dispute
    amount = plain(format_money(dispute.amount, currency))
    what = "Inquiry" if dispute.is_inquiry else "Dispute"
    due = _evidence(found)
    return (
        f"{what} over **{amount}**, {plain(_word(dispute.status)).lower()}, "
        f"reason {plain(_word(found.reason)).lower()}, {day(dispute.created)}"
        f"{f', {due}' if due else ''}: {code(dispute.id)}"
    )


def _evidence(found: PaymentDispute) -> str:
    """Until when evidence may be sent, while that is asked for."""
    needs_response = found.dispute.status.endswith("needs_response")
    return (
        f"evidence due {day(found.evidence_due)}" if needs_response and found.evidence_due else ""
    )


def invoices(details: CustomerDetails) -> None:
    """Each with its status and attempts."""
    if not details.invoices:
        return
    st.subheader("Invoices", anchor=False)
    _table(
        [
            {
                "Invoice": link(plain(short_id(one.id)), one.page_url)
                if one.page_url
                else code(short_id(one.id)),
                "Amount": plain(format_money(one.amount, one.currency)),
                "Status": _invoice_status(one),
                "Created": short_day(one.created),
            }
            for one in details.invoices[:SHOWN]
        ],
        "Invoices of this customer",
    )
    _more(details, len(details.invoices))


def _invoice_status(one: CustomerInvoice) -> str:
    """Status, attempts to have it paid, and the next one, as Markdown."""
    found = [plain(_word(one.status))]
    if one.attempts > 1 or (one.attempts and one.status != "paid"):
        found.append(f"{one.attempts:,} attempt{'' if one.attempts == 1 else 's'}")
    if one.next_attempt:
        found.append(f"next {short_day(one.next_attempt)}")
    return ", ".join(found)


def sessions(details: CustomerDetails) -> None:
    """Each as a link to its own drawer."""
    st.subheader("Checkout Sessions", anchor=False)
    if not details.sessions:
        st.caption("None.")
        return
    _table(
        [
            {
                "Outcome": outcome_chip(one.outcome),
                "Product": _session_link(one.id, one.what),
                "Amount": plain(one.amount),
                "Created": short_day(one.created),
            }
            for one in details.sessions[:SHOWN]
        ],
        "Checkout Sessions of this customer",
    )
    _more(details, len(details.sessions))


def _table(rows: Sequence[Mapping[str, str]], alt: str) -> None:
    st.table(pd.DataFrame(rows), border="horizontal", hide_index=True, alt=alt)


def _more(details: CustomerDetails, number: int) -> None:
    """Where more than are shown are to be found."""
    if number > SHOWN:
        one = details.customer
        address = f"sessions?q={quote(sanitize(one.customer or one.key))}"
        st.caption(f"{number - SHOWN:,} older ones are not shown. {link('All sessions', address)}")


def _session_link(session_id: str, label: str) -> str:
    return link(plain(label), f"sessions?session={quote(sanitize(session_id))}")


def _word(value: str) -> str:
    """Stripe's word as people read it: ``Past due``."""
    return value.replace("_", " ").capitalize()
