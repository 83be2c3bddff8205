"""Reading Stripe's JSON whatever API version wrote it, and whoever else may have.

A field that is missing, null or of another type than expected reads as absent.
https://docs.stripe.com/upgrades
"""

from __future__ import annotations

from typing import Any

JSON = dict[str, Any]

_SETTINGS = frozenset(
    (
        *("adaptive_pricing", "automatic_tax", "branding_settings", "billing_mode", "cancel_url"),
        *("customer_creation", "customer_update", "invoice_creation", "invoice_settings", "issuer"),
        *("locale", "managed_payments", "payment_method_collection", "payment_settings", "plan"),
        *("payment_method_configuration_details", "payment_method_options", "rendering"),
        *("payment_method_types", "phone_number_collection", "saved_payment_method_options"),
        *("success_url", "total_details", "trial_settings", "ui_mode", "wallet_options"),
        *("account_country", "account_name", "invoice_pdf"),
    )
)


def compact(value: Any) -> Any:
    """The same without what is null or empty, which reads as absent, and without how Checkout and
    invoices were set up: two thirds of what Stripe says of a sale."""
    if isinstance(value, dict):
        found = {}
        for name, one in value.items():
            if one is None or name in _SETTINGS:
                continue
            if (one.__class__ is dict or one.__class__ is list) and not (one := compact(one)):
                continue
            found[name] = one
        return found
    if isinstance(value, list):
        return [compact(one) for one in value]
    return value


def value_at(found: object, *path: str) -> Any:
    """What stands at a path of names, or None where it leads nowhere."""
    for name in path:
        if not isinstance(found, dict):
            return None
        found = found.get(name)
        if found is None:
            return None
    return found


def object_at(found: object, *path: str) -> JSON:
    """The object at a path; an empty one where there is none."""
    value = value_at(found, *path)
    return value if isinstance(value, dict) else {}


def objects_at(found: object, *path: str) -> list[JSON]:
    """The objects in the list object at a path. https://docs.stripe.com/api/pagination"""
    data = value_at(found, *path, "data")
    return [one for one in data if isinstance(one, dict)] if isinstance(data, list) else []


def text_at(found: object, *path: str) -> str | None:
    """The text at a path; None where there is none, or an empty one."""
    for name in path:  # not by ``value_at``: this is asked a dozen times of each object
        if not isinstance(found, dict):
            return None
        found = found.get(name)
    return found if isinstance(found, str) and found else None


def integer_at(found: object, *path: str) -> int | None:
    """The whole number at a path."""
    value = value_at(found, *path)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def id_at(found: object, *path: str) -> str | None:
    """The id at a path, where an object or only its id may stand.

    https://docs.stripe.com/api/expanding_objects
    """
    value = value_at(found, *path)
    if isinstance(value, dict):
        value = value.get("id")
    return value if isinstance(value, str) and value else None


def subscription_of(invoice: object) -> str | None:
    """The subscription that an invoice is for, whatever its API version."""
    details = object_at(invoice, "parent", "subscription_details")
    return id_at(details, "subscription") or id_at(invoice, "subscription")


def payment_error(intent: object) -> str | None:
    """Why the last attempt of a PaymentIntent failed, in the bank's words and Stripe's codes.

    https://docs.stripe.com/api/payment_intents/object#payment_intent_object-last_payment_error
    """
    error = object_at(intent, "last_payment_error")
    message = text_at(error, "message")
    known = dict.fromkeys((text_at(error, "code"), text_at(error, "decline_code")))
    codes = ", ".join(code for code in known if code)
    return f"{message.rstrip('.')} ({codes})." if message and codes else message or codes or None


def payment_error_code(intent: object) -> str | None:
    """The most exact code of the same: ``insufficient_funds`` rather than ``card_declined``.

    https://docs.stripe.com/declines/codes
    """
    error = object_at(intent, "last_payment_error")
    return text_at(error, "decline_code") or text_at(error, "code")
