"""The fake Stripe of the tests: one account, as far as billing reads it.

It counts what it is asked, holds very long histories cheaply, and can misbehave. What is sold and
paid is the test's to say; where that is the sandbox's to say, tests run against `stripe_sandbox`.
"""

from tests.support.stripe_account.account import (
    ACCOUNT,
    INVOICE_PAYMENTS,
    LINE_ITEMS,
    LIST_EVENTS,
    LIST_SESSIONS,
    ONE_SESSION,
    PAYMENT_INTENT,
    PRICE,
    SHOWN_LINE_ITEMS,
    StripeAccount,
)
from tests.support.stripe_account.faults import DOWN, NO_FAULTS, REQUEST_ID, SILENT, Faults, always
from tests.support.stripe_account.objects import (
    EXPIRED,
    PAID,
    declined_payment,
    event_object,
    line_item,
    page_of,
    price_object,
    session_object,
)

__all__ = [
    "ACCOUNT",
    "DOWN",
    "EXPIRED",
    "INVOICE_PAYMENTS",
    "LINE_ITEMS",
    "LIST_EVENTS",
    "LIST_SESSIONS",
    "NO_FAULTS",
    "ONE_SESSION",
    "PAID",
    "PAYMENT_INTENT",
    "PRICE",
    "REQUEST_ID",
    "SHOWN_LINE_ITEMS",
    "SILENT",
    "Faults",
    "StripeAccount",
    "always",
    "declined_payment",
    "event_object",
    "line_item",
    "page_of",
    "price_object",
    "session_object",
]
