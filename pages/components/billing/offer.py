"""One thing for sale: its price, its button, and the Checkout link that a press creates."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import streamlit as st

from billing.domain.checkout_session import CheckoutSession, Kind, Outcome
from billing.domain.durations import format_duration
from billing.domain.price import Price, PriceLookup
from billing.errors import NotConfigured
from billing.settings.model import MAX_CREDITS
from pages.components.current_user import current_user
from pages.components.errors import show_failure
from pages.components.markdown import code, plain
from pages.components.press import Press
from pages.components.times import exact_time
from pages.services import page_services

PRICE_REFRESH = "1s"  # until it is known
LOADING_PRICE = "Loading the price from Stripe…"
NAMES = {Kind.PRO: "Pro plan", Kind.CREDITS: "Extra load credits"}


@dataclass
class Order:
    """One press of a button: ``quantity`` is None until it is pressed, ``is_stored`` says that the
    session has been seen in our copy."""

    quantity: int | None = None
    is_stored: bool = False
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


def selected_quantity() -> int | None:
    """The number in the field, or None where it cannot be bought."""
    number = st.session_state.get("credits_quantity", 1)
    maximum = page_services().services.settings.max_credits
    return int(number) if 1 <= number <= maximum and number == int(number) else None


def offer(kind: Kind) -> None:
    """A price and a button. The price may come later, from Stripe; its failure is shown inside."""
    lookup = page_services().call(lambda: page_services().services.catalog.cached_price(kind))
    is_loading = not (lookup.price or isinstance(lookup.failure, NotConfigured))
    card = st.fragment(_card, run_every=PRICE_REFRESH if is_loading else None)
    card(kind, is_loading)


def _card(kind: Kind, is_loading: bool) -> None:
    billing = page_services()
    lookup = billing.call(lambda: billing.services.catalog.cached_price(kind))
    if is_loading and lookup.price:
        st.rerun()  # the whole page, whose card is not refreshed any more
    st.header(NAMES[kind], anchor=False)
    if lookup.price is None and lookup.failure:
        show_failure(lookup.failure, "The price could not be loaded")
    if kind is Kind.PRO:
        pro_plan(lookup)
        is_valid = True
    else:
        is_valid = extra_credits(lookup, billing.services.settings.max_credits)

    order = current_order(kind)
    st.button(
        button_label(kind, lookup.price),
        key=f"pay_{kind}",
        type="primary",
        icon=":material/credit_card:",
        width="stretch",
        disabled=order.is_pending or order.press.created is not None or not is_valid,
        on_click=place_order,
        args=(kind,),
    )
    if order.is_pending:
        with st.spinner("Creating a Checkout Session…"):
            create_session(kind, order)
        if order.press.failure:
            st.rerun()  # the button, drawn disabled above, can be pressed again
    if order.press.failure:
        show_failure(order.press.failure, "No Checkout Session was created")
    if order.press.created:
        checkout_link(kind, order, order.press.created)


def pro_plan(lookup: PriceLookup) -> None:
    """What the Pro plan is and costs."""
    if lookup.price:
        st.metric("Subscription", lookup.price.short)
        text = lookup.price.product_description or "A subscription, billed until canceled."
        st.caption(plain(text))
    elif lookup.is_empty:
        st.metric("Subscription", "…")
        st.caption(LOADING_PRICE)


def extra_credits(lookup: PriceLookup, maximum: int) -> bool:
    """The field for the quantity, the price of one and the total; whether the quantity is valid."""
    # No bounds and no integers only: the browser would keep the last number that fits, and show
    # the one that was typed.
    st.number_input(
        "Number of credits",
        value=1.0,
        step=1.0,
        format="%g",
        key="credits_quantity",
        on_change=clear_order,
        args=(Kind.CREDITS,),
        help=f"1 to {maximum:,} per purchase.",
    )
    quantity = selected_quantity()
    if quantity is None:
        st.error(
            f"Enter a whole number from 1 to {maximum:,}. The setting {code(MAX_CREDITS)} limits a "
            "purchase.",
            icon=":material/pin:",
        )
    if lookup.price:
        with st.container(horizontal=True, horizontal_alignment="distribute"):
            st.caption(f"{plain(lookup.price.short)} each", width="content")
            if quantity is not None:
                total = plain(lookup.price.total(quantity))
                st.markdown(f"Total **{total}**", width="content")
    elif lookup.is_empty:
        st.caption(LOADING_PRICE)
    return quantity is not None


def button_label(kind: Kind, price: Price | None) -> str:
    """The button's label; the Pro plan's has the amount of its Price in Stripe."""
    if kind is Kind.CREDITS:
        return "BUY EXTRA LOAD CREDITS"
    if price is None:
        return "PAY WITH CARD"
    per = {"month": "MO", "year": "YR", "week": "WK", "day": "DAY"}.get(price.interval or "", "")
    return f"PAY WITH CARD ({price.amount}{f'/{per}' if per else ''})"


def create_session(kind: Kind, order: Order) -> None:
    """Create the session; ``order.press`` holds it, or the failure."""
    billing, made_by, quantity = page_services(), current_user(), order.quantity or 1
    checkout = billing.services.checkout
    order.press.attempt(
        lambda key: billing.call(
            lambda: checkout.create(kind, quantity, idempotency_key=key, made_by=made_by)
        )
    )


@st.fragment(run_every="3s")
def checkout_link(kind: Kind, order: Order, created: CheckoutSession) -> None:
    """The link to Checkout, until the session is paid or has expired, or a reset deletes it."""
    billing = page_services()
    stored = billing.call(lambda: billing.services.mirror.session(created.id))
    if order.is_stored and stored is None:
        clear_order(kind)
        st.rerun()
    order.is_stored = stored is not None
    session = stored or created
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
            copyable(
                f"Link to copy, valid for {format_duration(session.expires_at - time.time())}",
                session.url,
                help_text=f"Valid until {plain(exact_time(session.expires_at))}",
            )
        elif session.is_paid:
            st.success(f"{session.what} paid: {plain(session.amount)}", icon=":material/check:")
        elif session.outcome is Outcome.FAILED:
            st.error(
                f"The payment failed. {plain(session.failure or '')}", icon=":material/cancel:"
            )
        elif session.outcome is Outcome.PROCESSING:
            st.info("The payment is processing.", icon=":material/hourglass_top:")
        else:
            st.warning("This session has expired.", icon=":material/timer_off:")
        copyable("Session ID", session.id)
        if st.button(
            "Start over",
            key=f"new_{kind}",
            type="tertiary",
            icon=":material/refresh:",
            on_click=clear_order,
            args=(kind,),
        ):
            st.rerun()


def copyable(label: str, text: str, help_text: str | None = None) -> None:
    """A text with the button that copies it."""
    with st.container(gap="xxsmall"):
        st.caption(label, help=help_text)
        st.code(text, language=None, wrap_lines=True)
