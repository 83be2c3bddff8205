"""Stripe's refusals of an action in words that name the thing and the mend.

https://docs.stripe.com/error-codes
"""

from __future__ import annotations

from billing.errors import BillingError, InvalidInput, StripeFailure


class PartlyDone(BillingError):
    """The payment was refunded, but what was asked for beside it was not done: to ask for both
    again would refund again."""


_NO_PORTAL = "default configuration has not been created"
_ALREADY_PAID = "already paid"
_ALREADY_CLOSED = "already closed"
_MORE_THAN_LEFT = "greater than unrefunded amount"


def refund_refused(failure: StripeFailure, payment_intent: str) -> BillingError:
    """Why a payment could not be refunded."""
    payment = f"The payment {payment_intent}"
    match failure.code:
        case "charge_disputed":
            return InvalidInput(
                f"{payment} is disputed: while the bank holds the money, none of it can be "
                "refunded.",
                "Answer the dispute; a payment whose dispute was won can be refunded.",
            )
        case "charge_already_refunded":
            return InvalidInput(
                f"{payment} has already been refunded: nothing is left.", "Nothing was changed."
            )
    if _MORE_THAN_LEFT in failure.message:
        return InvalidInput(
            f"{payment} has less left than that: part of it has been refunded meanwhile.",
            "Enter the amount that is left, or less.",
        )
    return failure


def subscription_refused(failure: StripeFailure, subscription: str) -> BillingError:
    """Why a subscription could not be changed."""
    if failure.is_missing or failure.code == "invalid_canceled_subscription_fields":
        return InvalidInput(
            f"The subscription {subscription} has already ended.",
            "It cannot be changed any more; Pro is bought again by a new Checkout.",
        )
    return failure


def portal_refused(failure: StripeFailure) -> BillingError:
    """Why there is no link to the customer portal."""
    if _NO_PORTAL in failure.message:
        return InvalidInput(
            "This Stripe account has no settings for the customer portal yet.",
            "Save them once in the Stripe Dashboard, under Settings, Billing, Customer portal.",
        )
    return failure


def invoice_refused(failure: StripeFailure, invoice: str) -> BillingError:
    """Why an invoice could not be paid."""
    if _ALREADY_PAID in failure.message:
        return InvalidInput(f"The invoice {invoice} is already paid.", "Nothing was changed.")
    return failure


def dispute_refused(failure: StripeFailure, dispute: str) -> BillingError:
    """Why a dispute could not be answered."""
    if _ALREADY_CLOSED in failure.message:
        return InvalidInput(
            f"The dispute {dispute} has already been decided.", "Nothing was changed."
        )
    return failure
