"""Stripe's test cards and bank accounts, each to copy. https://docs.stripe.com/testing"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from pages.components.browser.copyable import copyable
from pages.components.text.markdown import plain


@dataclass(frozen=True)
class Payment:
    """A number to pay with, its result, and when to use it."""

    number: str
    result: str
    use: str


GROUPS: dict[str, tuple[Payment, ...]] = {
    "Paid": (
        Payment("4242 4242 4242 4242", "Visa", "The usual case"),
        Payment("5555 5555 5555 4444", "Mastercard", ""),
        Payment("3782 822463 10005", "American Express", "CVC of 4 digits"),
        Payment("6011 1111 1111 1117", "Discover", ""),
        Payment("4000 0566 5566 5556", "Visa debit", "A debit card"),
    ),
    "3-D Secure first": (
        Payment("4000 0025 0000 3155", "Paid", "Unless authentication fails"),
        Payment("4000 0027 6000 3184", "Paid", "Saved cards are asked too"),
        Payment("4000 0084 0000 1629", "Declined", "card_declined"),
        Payment("4000 0082 6000 3178", "Declined", "insufficient_funds"),
    ),
    "Paid, then reversed": (
        Payment("4000 0000 0000 0259", "Disputed", "fraudulent"),
        Payment("4000 0000 0000 2685", "Disputed", "product_not_received"),
        Payment("4000 0000 0000 1976", "Inquiry", "Not a dispute yet"),
        Payment("4000 0000 0000 7726", "Refund pending", "Succeeds later"),
        Payment("4000 0000 0000 5126", "Refund fails", "Succeeds first"),
    ),
    "Declined": (
        Payment("4000 0000 0000 0002", "Declined", "generic_decline"),
        Payment("4000 0000 0000 9995", "Insufficient funds", "insufficient_funds"),
        Payment("4000 0000 0000 9987", "Lost card", "lost_card: show a generic decline"),
        Payment("4000 0000 0000 9979", "Stolen card", "stolen_card: show a generic decline"),
        Payment("4000 0000 0000 6975", "Too many attempts", "card_velocity_exceeded"),
        Payment("4000 0000 0000 0069", "Expired card", "expired_card"),
        Payment("4000 0000 0000 0127", "Wrong CVC", "incorrect_cvc"),
        Payment("4000 0000 0000 0119", "Processing error", "processing_error"),
        Payment("4242 4242 4242 4241", "Wrong number", "incorrect_number"),
        Payment("4100 0000 0000 0019", "Blocked", "By Radar, as fraudulent"),
    ),
    "Fails later": (Payment("4000 0000 0000 0341", "Renewal fails", "The first month is paid"),),
    "US bank debit": (
        Payment("110000000", "Routing number", "For all of these"),
        Payment("000123456789", "Succeeds later", "Complete, yet unpaid"),
        Payment("000111111116", "Fails later", "no_account"),
        Payment("000111111113", "Fails later", "account_closed"),
        Payment("000222222227", "Fails later", "insufficient_funds"),
        Payment("000333333335", "Fails later", "debit_not_authorized"),
    ),
}
COLUMNS = (
    ("Paid", "3-D Secure first", "Paid, then reversed", "Fails later"),
    ("Declined", "US bank debit"),
)
NUMBER_WIDTH = 210  # pixels


def cards() -> None:
    """Every number in its group, each to copy with one press."""
    st.caption(
        "Use any future date, CVC, name and email. These numbers never move money, and real cards "
        "are refused."
    )
    for column, groups in zip(st.columns(2, gap="medium"), COLUMNS, strict=True):
        with column:
            for group in groups:
                st.header(group, anchor=False)
                rows(GROUPS[group])


def rows(payments: tuple[Payment, ...]) -> None:
    """One row a number."""
    with st.container(gap="xsmall"):
        for payment in payments:
            with st.container(horizontal=True, vertical_alignment="center", wrap=False):
                use = f" :gray[{plain(payment.use)}]" if payment.use else ""
                copyable(payment.number, key=payment.number.replace(" ", ""), width=NUMBER_WIDTH)
                st.markdown(f":small[**{plain(payment.result)}**{use}]")
