"""Stripe's test cards and bank accounts, each to copy. https://docs.stripe.com/testing"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from pages.components.markdown import code, plain


@dataclass(frozen=True)
class Payment:
    """A number to pay with, its result, and when to use it."""

    number: str
    result: str
    use: str


GROUPS: dict[str, tuple[Payment, ...]] = {
    "Paid": (
        Payment("4242 4242 4242 4242", "Paid (Visa)", "The usual case."),
        Payment("5555 5555 5555 4444", "Paid (Mastercard)", "A Mastercard on the receipt."),
        Payment("3782 822463 10005", "Paid (American Express)", "15 digits and a CVC of four."),
        Payment("6011 1111 1111 1117", "Paid (Discover)", "A Discover card on the receipt."),
        Payment("4000 0566 5566 5556", "Paid (Visa debit)", "A debit card instead of credit."),
        Payment("4000 0000 0000 0259", "Paid, then disputed", "A customer who takes it back."),
    ),
    "3-D Secure": (
        Payment(
            "4000 0025 0000 3155",
            "Asks to confirm, then paid",
            "Complete the step to pay, or fail it and see that nothing is granted.",
        ),
        Payment(
            "4000 0027 6000 3184",
            "Asks every time, then paid",
            "Asks again even when the card has been saved.",
        ),
        Payment(
            "4000 0084 0000 1629",
            "Asks to confirm, then declined",
            "Confirmed, and still not paid: card_declined.",
        ),
        Payment(
            "4000 0082 6000 3178",
            "Asks to confirm, then insufficient funds",
            "Confirmed, and still not paid: insufficient_funds.",
        ),
    ),
    "Declined": (
        Payment("4000 0000 0000 0002", "Declined", "generic_decline: no reason is given."),
        Payment("4000 0000 0000 9995", "Insufficient funds", "The most common decline."),
        Payment("4000 0000 0000 9987", "Lost card", "lost_card: do not show this reason."),
        Payment("4000 0000 0000 9979", "Stolen card", "stolen_card: do not show this reason."),
        Payment("4000 0000 0000 6975", "Too many attempts", "card_velocity_exceeded"),
        Payment("4000 0000 0000 0069", "Expired card", "expired_card: the expiry date has passed."),
        Payment("4000 0000 0000 0127", "Wrong CVC", "incorrect_cvc: the security code is wrong."),
        Payment(
            "4000 0000 0000 0119", "Processing error", "processing_error: another attempt may work."
        ),
        Payment("4242 4242 4242 4241", "Wrong number", "incorrect_number: a digit is mistyped."),
        Payment(
            "4100 0000 0000 0019",
            "Blocked as fraudulent",
            "Radar blocks it before the bank is asked.",
        ),
    ),
    "Fails later": (
        Payment(
            "4000 0000 0000 0341",
            "Attaches, then fails when charged",
            "For a Pro plan whose renewal fails.",
        ),
    ),
}
ROUTING_NUMBER = "110000000"
BANK_ACCOUNTS = (
    Payment("000123456789", "Succeeds later", "Checkout is complete, but unpaid until then."),
    Payment("000111111116", "Fails later", "Checkout is complete, then the debit fails."),
)


def cards() -> None:
    """Every number in its group, each to copy with one press."""
    st.caption(
        "Use any future date, any CVC, any name and any email. Point at a number, or tap it, to "
        "copy it. These numbers never move money, and real cards are refused."
    )
    for group, payments in GROUPS.items():
        st.header(group, anchor=False)
        tiles(payments)
    st.header("US bank debit", anchor=False)
    st.caption(f"Routing number {code(ROUTING_NUMBER)}. A bank debit takes some time.")
    tiles(BANK_ACCOUNTS)


def tiles(payments: tuple[Payment, ...]) -> None:
    """One tile a number; they reflow on a phone."""
    grid = st.grid(3, min_column_width=260, border=True)
    for payment in payments:
        with grid.cell(), st.container(gap="xsmall"):
            st.markdown(f"**{plain(payment.result)}**")
            st.code(payment.number, language=None)
            st.caption(plain(payment.use))
