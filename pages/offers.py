"""One thing for sale: its price, its button, and the Checkout link that a press brings."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field

import streamlit as st

from billing.catalog import Price
from billing.checkout import parse_quantity
from billing.checkout_session import CheckoutSession, Kind
from billing.durations import written
from billing.errors import BillingError
from billing.page_services import page_services
from pages.failures import show_failure
from pages.markdown import plain
from pages.times import exactly
from pages.viewer import who

NAMES = {Kind.PRO: "Pro plan", Kind.CREDITS: "Extra load credits"}


@dataclass
class Press:
    """One press of a button, from the press to its Checkout link.

    The idempotency key belongs to the press: however often the press is repeated before its
    answer is shown, Stripe makes one session.
    """

    idempotency_key: str = field(default_factory=lambda: str(uuid.uuid4()))
    quantity: int | None = None
    session: CheckoutSession | None = None
    failure: BillingError | None = None

    @property
    def is_working(self) -> bool:
        return self.quantity is not None and self.session is None and self.failure is None


def current_press(kind: Kind) -> Press:
    """The press under way for ``kind`` in this browser tab, or one that has not happened yet."""
    press: Press = st.session_state.setdefault(f"press_{kind}", Press())
    return press


def forget_press(kind: Kind) -> None:
    """Make room for the next press; what Stripe made stays in the table."""
    st.session_state[f"press_{kind}"] = Press()


def press_button(kind: Kind) -> None:
    """The button was pressed: take the quantity down, once."""
    press = current_press(kind)
    if press.failure:
        press.failure = None  # pressed again after a failure: the same press, the same key
    elif press.quantity is None:
        press.quantity = st.session_state.get("credits_quantity", 1) if kind is Kind.CREDITS else 1


@st.fragment
def offer(kind: Kind) -> None:
    """A price and a button. A failure stays inside it."""
    billing = page_services()
    st.header(NAMES[kind], anchor=False)
    price: Price | None = None
    try:
        price = billing.call(lambda: billing.services.catalog.price(kind))
    except BillingError as failure:
        show_failure(failure, "The price could not be read")

    if kind is Kind.PRO:
        pro_plan(price)
    else:
        extra_credits(price, billing.services.settings.max_credits)

    press = current_press(kind)
    st.button(
        label(kind, price),
        key=f"pay_{kind}",
        type="primary",
        icon=":material/credit_card:",
        width="stretch",
        disabled=press.is_working or press.session is not None,
        on_click=press_button,
        args=(kind,),
    )
    if press.is_working:
        with st.spinner("Asking Stripe for a Checkout link…"):
            make_session(kind, press)
        if press.failure:
            st.rerun()  # the button, drawn disabled above, can be pressed again
    if press.failure:
        show_failure(press.failure, "No Checkout Session was made")
    if press.session:
        checkout_link(kind, press.session)


def pro_plan(price: Price | None) -> None:
    """What the Pro plan is and costs."""
    if price:
        st.metric("Subscription", price.short)
        st.caption(plain(price.product_description or "A subscription, billed until canceled."))


def extra_credits(price: Price | None, maximum: int) -> None:
    """How many credits, what one costs, and what they cost together."""
    quantity = st.number_input(
        "Number of credits",
        min_value=1,
        max_value=maximum,
        step=1,
        key="credits_quantity",
        on_change=forget_press,
        args=(Kind.CREDITS,),
        help=f"From 1 to {maximum:,} in one purchase.",
    )
    if price:
        with st.container(horizontal=True, horizontal_alignment="distribute"):
            st.caption(f"{plain(price.short)} each", width="content")
            st.markdown(f"Total **{plain(price.total(quantity))}**", width="content")


def label(kind: Kind, price: Price | None) -> str:
    """The button's label; the Pro plan's follows the Price in Stripe."""
    if kind is Kind.CREDITS:
        return "BUY EXTRA LOAD CREDITS"
    if price is None:
        return "PAY WITH CARD"
    per = {"month": "MO", "year": "YR", "week": "WK", "day": "DAY"}.get(price.interval or "", "")
    amount = price.short.split("/")[0]
    return f"PAY WITH CARD ({amount}{f'/{per}' if per else ''})"


def make_session(kind: Kind, press: Press) -> None:
    """Have the session made, and keep what came of it in ``press``."""
    billing = page_services()
    services = billing.services
    try:
        quantity = parse_quantity(press.quantity, services.settings.max_credits)
        made_by = who()
        press.session = billing.call(
            lambda: services.checkout.create(
                kind, quantity, idempotency_key=press.idempotency_key, made_by=made_by
            )
        )
    except BillingError as failure:
        press.failure = failure


@st.fragment(run_every="3s")
def checkout_link(kind: Kind, made: CheckoutSession) -> None:
    """The way to Checkout, until the session is paid or has expired."""
    billing = page_services()
    session = billing.call(lambda: billing.services.mirror.session(made.id)) or made
    with st.container(gap="small"):
        if session.status == "open" and session.url:
            st.link_button(
                "Open Checkout",
                session.url,
                type="primary",
                icon=":material/open_in_new:",
                icon_position="right",
                width="stretch",
            )
            to_copy(
                f"Link to copy, good for {written(session.expires_at - time.time())}",
                session.url,
                tip=f"Until {plain(exactly(session.expires_at))}",
            )
        elif session.is_paid:
            st.success(f"{session.what} paid: {plain(session.amount)}", icon=":material/check:")
        else:
            st.warning(f"This session is {plain(session.status)}, {plain(session.payment_status)}.")
        to_copy("Session id", session.id)
        if st.button(
            "New session",
            key=f"new_{kind}",
            type="tertiary",
            icon=":material/refresh:",
            on_click=forget_press,
            args=(kind,),
        ):
            st.rerun()


def to_copy(label: str, text: str, tip: str | None = None) -> None:
    """A line of text with the button that copies it."""
    with st.container(gap="xxsmall"):
        st.caption(label, help=tip)
        st.code(text, language=None, wrap_lines=True)
