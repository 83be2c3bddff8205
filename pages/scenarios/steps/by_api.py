"""Sales by Stripe's API alone, as another program makes them: nobody is at Checkout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.domain.sessions.checkout_session import Kind
from billing.errors import StripeFailure
from pages.scenarios.runs.errors import StepFailed
from pages.scenarios.steps.customers import make_customer, replace_card
from pages.scenarios.steps.step import Step

if TYPE_CHECKING:
    from pages.scenarios.context import RunContext

AMOUNT, CURRENCY = 500, "usd"  # of a payment that is none of ours


def create_customer() -> Step:
    """A Customer, in the time of a test clock where a later step needs one."""

    def act(context: RunContext) -> str:
        make_customer(context)
        return context.run.customer

    return Step("Create a Customer by the API", act)


def subscribe(card: str, status: str) -> Step:
    """A subscription to the Pro plan, charged to a test card: as Stripe then calls it.

    https://docs.stripe.com/testing#cards
    """

    def act(context: RunContext) -> str:
        replace_card(context, card)
        price = context.billing.services.catalog.configured_id(Kind.PRO)
        params = {"customer": context.run.customer, "items[0][price]": price}
        made = context.stripe.post("subscriptions", params)
        context.run.subscription = made["id"]
        context.save()
        if made["status"] != status:
            raise StepFailed(f"Stripe says {made['status']}, but {status} was expected.")
        if status == "active":
            context.saw_payment()
        return f"Stripe says {status}"

    return Step(f"Create a subscription by the API, paid with {card}", act)


def pay_off_session(card: str, code: str = "") -> Step:
    """A PaymentIntent that no Checkout Session of ours began, while the customer is away. It
    succeeds, or Stripe refuses it with an error ``code``.

    https://docs.stripe.com/payments/save-during-payment#charge-saved-payment-method
    """

    def act(context: RunContext) -> str:
        params = {
            "amount": AMOUNT,
            "currency": CURRENCY,
            "customer": context.run.customer,
            "payment_method": card,
            "automatic_payment_methods[enabled]": "true",
            "automatic_payment_methods[allow_redirects]": "never",
            "confirm": "true",
            "off_session": "true",
        }
        found = ""
        try:
            context.stripe.post("payment_intents", params)
        except StripeFailure as refusal:
            found = refusal.code or str(refusal)
        newest, *_ = context.stripe.page("payment_intents", customer=context.run.customer)
        context.run.payment_intent = newest["id"]
        if found != code:
            raise StepFailed(f"Stripe says {found or 'paid'}, but {code or 'paid'} was expected.")
        return f"refused: {code.replace('_', ' ')}" if code else f"Stripe says {newest['status']}"

    return Step(f"Pay off-session by the API with {card}", act)
