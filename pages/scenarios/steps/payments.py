"""What becomes of a payment for credits: refunds and disputes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.domain.money import format_money
from pages.scenarios.steps.step import HOUR, Step
from pages.scenarios.truth import read_sale

if TYPE_CHECKING:
    from billing.domain.stripe_json import JSON
    from pages.scenarios.context import RunContext

DISPUTE_DECIDED_SECONDS = 5  # after evidence that names the end
REFUND_DECIDED_SECONDS = 12 * HOUR


def refund(credits_back: int | None = None) -> Step:
    """Somebody refunds the price of so many credits in Stripe's Dashboard; all that is left
    without a number."""

    def act(context: RunContext) -> str:
        charge = context.charge()

        def amount_back() -> int:
            if credits_back is None:
                return int(charge["amount"] - charge["amount_refunded"])
            bought = read_sale(context.stripe, context.run).bought
            return int(charge["amount"] * credits_back // bought)

        amount = context.once(amount_back)
        refunded = context.stripe.post("refunds", {"charge": charge["id"], "amount": amount})
        return f"{format_money(amount, charge['currency'])}: {refunded['status']}"

    what = "the rest" if credits_back is None else f"the price of {credits_back} credits"
    return Step(f"Refund {what}", act)


def fail_refund() -> Step:
    """The bank sends the refund back."""

    def act(context: RunContext) -> str:
        context.pass_time(REFUND_DECIDED_SECONDS)
        charge = context.charge()["id"]

        def failed() -> JSON | None:
            (refunded, *_) = context.stripe.page("refunds", charge=charge)
            return refunded if refunded["status"] == "failed" else None

        refunded = context.wait(failed, "The failure of the refund")
        return f"{refunded['status']}: {refunded['failure_reason'] or 'no reason'}"

    label = "Half a day later the bank sends the refund back"
    return Step(label, act, seconds=REFUND_DECIDED_SECONDS)


def expect_dispute(kind: str) -> Step:
    """The customer disputes the payment with the bank, as the card does that it was paid with;
    with ``inquiry`` the bank only asks."""

    def act(context: RunContext) -> str:
        charge = context.charge()["id"]
        disputes = context.wait(
            lambda: context.stripe.page("disputes", charge=charge) or None, "The dispute"
        )
        return f"Stripe says {disputes[0]['status']}"

    asks = "asks about" if kind == "inquiry" else "disputes"
    return Step(f"The customer's bank {asks} the payment", act)


def accept_dispute() -> Step:
    """We accept the loss; an inquiry ends without one."""

    def act(context: RunContext) -> str:
        closed = context.stripe.post(f"disputes/{_dispute(context)['id']}/close")
        return f"Stripe says {closed['status']}"

    return Step("Close the dispute without an answer", act)


def answer_dispute() -> Step:
    """We answer with evidence that wins. https://docs.stripe.com/testing#evidence"""

    def act(context: RunContext) -> str:
        path = f"disputes/{_dispute(context)['id']}"
        answered = context.stripe.post(path, {"evidence[uncategorized_text]": "winning_evidence"})
        return f"Stripe says {answered['status']}"

    return Step("Answer the dispute with evidence that wins", act)


def decide_dispute() -> Step:
    """The bank decides by that evidence."""

    def act(context: RunContext) -> str:
        context.pass_time(DISPUTE_DECIDED_SECONDS)

        def decided() -> JSON | None:
            found = _dispute(context)
            return found if found["status"] in ("won", "lost") else None

        return f"Stripe says {context.wait(decided, 'The decision')['status']}"

    return Step("The bank decides on the dispute", act, seconds=DISPUTE_DECIDED_SECONDS)


def _dispute(context: RunContext) -> JSON:
    (found,) = context.stripe.page("disputes", charge=context.charge()["id"])
    return found
