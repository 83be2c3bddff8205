"""One thing for sale: its price, its button, and the Checkout link that a press creates."""

from __future__ import annotations

import streamlit as st

from billing.domain.access import Permission
from billing.domain.price import Price, PriceLookup
from billing.domain.sessions.checkout_session import Kind
from billing.errors import NotConfigured
from billing.settings.model import MAX_CREDITS
from pages.components.billing.checkout_link import checkout_link
from pages.components.billing.has_pro import has_pro, pro_of_chosen_buyer
from pages.components.billing.order import (
    clear_order,
    create_session,
    current_order,
    place_order,
    selected_quantity,
)
from pages.components.errors import show_failure
from pages.components.permission import guarded
from pages.components.text.markdown import code, plain
from pages.services import page_services

PRICE_REFRESH = "1s"  # until it is known
PRICE_HEIGHT = 71  # pixels, so that the buttons of both cards are in line
LOADING_PRICE = "Loading the price from Stripe…"
NO_PRICE = "No price yet"
NAMES = {Kind.PRO: "Pro plan", Kind.CREDITS: "Extra load credits"}


def offer(kind: Kind) -> None:
    """A price and a button. The price may come later, from Stripe; why there is none, the notice
    on top says."""
    billing = page_services()
    lookup = billing.call(lambda: billing.services.catalog.cached_price(kind))
    is_loading = lookup.price is None and billing.services.settings.stripe_is_configured
    card = st.fragment(_card, run_every=PRICE_REFRESH if is_loading else None)
    card(kind, is_loading)


def _card(kind: Kind, is_loading: bool) -> None:
    billing = page_services()
    lookup = billing.call(lambda: billing.services.catalog.cached_price(kind))
    if is_loading and lookup.price:
        st.rerun()  # the whole page, whose card is not refreshed any more
    st.header(NAMES[kind], anchor=False)
    if kind is Kind.PRO:
        pro_plan(lookup)
        is_valid = True
    else:
        is_valid = extra_credits(lookup, billing.services.settings.max_credits)

    order = current_order(kind)
    place = st.empty()
    sold = pro_of_chosen_buyer() if kind is Kind.PRO and order.quantity is None else None
    if sold:
        with place.container():
            has_pro(sold)
    elif order.press.created is None:
        place.button(
            button_label(kind, lookup.price),
            key=f"pay_{kind}",
            type="primary",
            icon="spinner" if order.is_pending else ":material/credit_card:",
            width="stretch",
            on_click=place_order,
            args=(kind,),
            **guarded(
                Permission.SELL,
                disabled=order.is_pending
                or not is_valid
                or isinstance(lookup.failure, NotConfigured),
            ),
        )
    if order.is_pending:
        create_session(kind, order)
        if order.press.failure:
            st.rerun()  # the button, drawn disabled above, can be pressed again
    if order.press.failure:
        show_failure(order.press.failure, "No Checkout Session was created")
    if order.press.created:
        with place.container():
            checkout_link(kind, order, order.press.created)


def pro_plan(lookup: PriceLookup) -> None:
    """What the Pro plan is and costs."""
    if lookup.price:
        st.metric("Subscription", lookup.price.short, height=PRICE_HEIGHT)
        text = lookup.price.product_description or "A subscription, billed until canceled."
        st.caption(plain(text))
    else:
        st.metric("Subscription", "…" if lookup.is_empty else "—", height=PRICE_HEIGHT)
        st.caption(LOADING_PRICE if lookup.is_empty else NO_PRICE)


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
    else:
        st.caption(LOADING_PRICE if lookup.is_empty else NO_PRICE)
    return quantity is not None


def button_label(kind: Kind, price: Price | None) -> str:
    """The button's label; the Pro plan's has the amount of its Price in Stripe."""
    if kind is Kind.CREDITS:
        return "BUY EXTRA LOAD CREDITS"
    if price is None:
        return "PAY WITH CARD"
    per = {"month": "MO", "year": "YR", "week": "WK", "day": "DAY"}.get(price.interval or "", "")
    return f"PAY WITH CARD ({price.amount}{f'/{per}' if per else ''})"
