"""Whom the next session is for, as the address says: ``?customer=cus_…`` or ``?customer=email``.
Without it, it is for a new customer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from billing.errors import BillingError, InvalidInput
from billing.selling.buyers import Buyer, parse_customer, parse_email
from pages.services import page_services

if TYPE_CHECKING:
    from billing.domain.customers.customer import Customer

PARAM = "customer"


def chosen_key() -> str:
    """What stands in the address: the id of a Customer or an email; empty for neither."""
    return st.query_params.get(PARAM, "").strip()


def chosen_buyer() -> Buyer | None:
    """The Customer or the email that is chosen."""
    key = chosen_key()
    try:
        return Buyer(email=parse_email(key)) if "@" in key else Buyer(parse_customer(key))
    except InvalidInput:
        return None


def choose_buyer(key: str) -> None:
    """In a callback: have the next session be for this id or email; empty for a new customer."""
    if key:
        st.query_params[PARAM] = key
    else:
        st.query_params.pop(PARAM, None)


def known_customer() -> Customer | None:
    """What is known of whoever is chosen."""
    billing, key = page_services(), chosen_key()
    try:
        return billing.call(lambda: billing.services.customers.get(key))
    except BillingError:
        return None  # the table below says that the database does not answer


def chosen_name() -> str:
    """What people call whoever is chosen: the email where it is known, else the id."""
    known = known_customer()
    return known.name if known else chosen_key()
