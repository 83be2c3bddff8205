"""What becomes of a subscription: renewals, failures, cancellations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.domain.sessions.checkout_session import Kind
from billing.domain.sessions.source import Source
from billing.errors import SecondSubscription
from pages.scenarios.context import PERSON_SECONDS
from pages.scenarios.runs.errors import StepFailed
from pages.scenarios.steps.step import HOUR, Step

if TYPE_CHECKING:
    from typing import Any

    from billing.domain.stripe_json import JSON
    from pages.scenarios.context import RunContext

DRAFT_SECONDS = HOUR  # that a renewal's invoice waits before it is collected
MAX_RETRIES = 10
NEW_CARD = "pm_card_visa"


def pass_period_end(label: str = "The period ends: the clock moves past it") -> Step:
    """The clock moves past the end of the period, and the hour that a renewal waits."""

    def act(context: RunContext) -> str:
        item = context.subscription()["items"]["data"][0]
        end = context.once(lambda: int(item["current_period_end"]))
        context.move_clock_to(end + DRAFT_SECONDS)
        return _status(context.subscription())

    return Step(label, act, needs_test_clock=True)


def replace_card(card: str) -> Step:
    """The customer's card is one that fails from now on. https://docs.stripe.com/testing#declined-payments"""

    def act(context: RunContext) -> str:
        _set_card(context, context.subscription(), card)
        return f"charged from now on: {card}"

    return Step("The card is replaced by one that fails at the renewal", act)


def pass_retries() -> Step:
    """The clock moves from one attempt of Stripe's to collect the invoice to the next, until
    there is none."""

    def act(context: RunContext) -> str:
        for _ in range(MAX_RETRIES):
            subscription = context.subscription()
            attempt = subscription["latest_invoice"]["next_payment_attempt"]
            if attempt is None:
                return _status(subscription)
            context.move_clock_to(attempt)
        raise StepFailed(f"Stripe goes on after {MAX_RETRIES} attempts.")

    return Step("Stripe tries again until it gives up", act, needs_test_clock=True)


def pay_with_new_card() -> Step:
    """The customer gives another card, which pays the open invoice and those to come."""

    def act(context: RunContext) -> str:
        subscription = context.subscription()
        _set_card(context, subscription, NEW_CARD)
        paid = context.stripe.post(f"invoices/{subscription['latest_invoice']['id']}/pay")
        return f"the invoice is {paid['status']}; {_status(context.subscription())}"

    return Step("The customer gives a new card, and it pays the invoice", act)


def cancel_now() -> Step:
    """Somebody cancels it at once in Stripe's Dashboard."""

    def act(context: RunContext) -> str:
        subscription = context.subscription()
        if subscription["status"] != "canceled":
            subscription = context.stripe.delete(f"subscriptions/{subscription['id']}")
        return _status(subscription)

    return Step("Cancel the subscription now", act)


def cancel_at_period_end(*, canceled: bool) -> Step:
    """It is to end with its period; or is to go on after all."""

    def act(context: RunContext) -> str:
        changes: dict[str, Any] = {"cancel_at_period_end": str(canceled).lower()}
        path = f"subscriptions/{context.subscription()['id']}"
        return _status(context.stripe.post(path, changes))

    label = "Cancel at the end of the period" if canceled else "Change one's mind and keep it"
    return Step(label, act)


def cancel_in_portal() -> Step:
    """The customer cancels in the portal, which ends it with the period."""

    def act(context: RunContext) -> str:
        subscription = context.subscription()
        customer = subscription["customer"]
        if context.controls and not subscription["cancel_at"]:
            context.controls.stripe.cancel_in_portal(customer, subscription["id"])

        def canceled() -> JSON | None:
            found = context.subscription()
            return found if found["cancel_at"] or found["status"] == "canceled" else None

        return _status(context.wait(canceled, "The cancellation", PERSON_SECONDS))

    person = "Open the customer, from there the customer portal, and cancel the subscription."
    return Step("The customer cancels in the customer portal", act, person)


def buy_again() -> Step:
    """The same person is to be sold the plan once more, and is not."""

    def act(context: RunContext) -> str:
        checkout = context.billing.services.checkout
        try:
            second = context.billing.call(
                lambda: checkout.create(
                    Kind.PRO, made_by="test kit", source=Source.TEST_KIT, email=context.email
                )
            )
        except SecondSubscription as refusal:
            customer = context.subscription()["customer"]
            found = context.stripe.page("subscriptions", customer=customer, status="all")
            if len(found) > 1:
                raise StepFailed(f"Stripe has {len(found)} subscriptions of theirs.") from None
            return f"refused: {refusal.message}"
        context.stripe.post(f"checkout/sessions/{second.id}/expire")
        raise StepFailed("A second Checkout Session was created for them.")

    return Step("The same customer wants to buy Pro again", act)


def _set_card(context: RunContext, subscription: JSON, card: str) -> None:
    """Attach a test card and charge the subscription to it."""
    customer = {"customer": subscription["customer"]}
    attached = context.stripe.post(f"payment_methods/{card}/attach", customer)
    default = {"default_payment_method": attached["id"]}
    context.stripe.post(f"subscriptions/{subscription['id']}", default)


def _status(subscription: JSON) -> str:
    ends = subscription["cancel_at"] and subscription["status"] != "canceled"
    return f"Stripe says {subscription['status']}{', to be canceled' if ends else ''}"
