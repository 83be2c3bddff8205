"""What becomes of a payment for credits: refunds and disputes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.domain.money import format_money
from pages.scenarios.steps.step import HOUR, Step

if TYPE_CHECKING:
    from pages.scenarios.context import RunContext

DISPUTE_DECIDED_SECONDS = 5  # after evidence that names the end
REFUND_DECIDED_SECONDS = 12 * HOUR


def refund(credits_back: int | None = None) -> Step:
    """Somebody refunds the price of so many credits in Stripe's Dashboard; all that is left
    without a number."""

    def act(context: RunContext) -> str:
        charge = context.charge()
        amount = charge["amount"] - charge["amount_refunded"]
        if credits_back is not None:
            amount = charge["amount"] * credits_back // context.session.quantity
        refunded = context.stripe.post("refunds", {"charge": charge["id"], "amount": amount})
        return f"{format_money(amount, charge['currency'])}: {refunded['status']}"

    what = "the rest" if credits_back is None else f"the price of {credits_back} credits"
    return Step(f"Refund {what}", act)


def fail_refund() -> Step:
    """The clock moves on until the bank sends the refund back."""

    def act(context: RunContext) -> str:
        context.move_clock_to(context.controls.state().now + REFUND_DECIDED_SECONDS)
        (refunded, *_) = context.stripe.page("refunds", charge=context.charge()["id"])
        return f"{refunded['status']}: {refunded['failure_reason'] or 'no reason'}"

    return Step("Half a day later the bank sends the refund back", act, moves_clock=True)


def dispute(kind: str) -> Step:
    """The customer disputes the payment with the bank; with ``inquiry`` it only asks."""

    def act(context: RunContext) -> str:
        context.controls.dispute(context.charge()["id"], kind)
        return f"Stripe says {_dispute(context)['status']}"

    asks = "asks about" if kind == "inquiry" else "disputes"
    return Step(f"The customer's bank {asks} the payment", act)


def accept_dispute() -> Step:
    """We accept the loss; an inquiry ends without one."""

    def act(context: RunContext) -> str:
        closed = context.stripe.post(f"disputes/{_dispute(context)['id']}/close")
        return f"Stripe says {closed['status']}"

    return Step("Close the dispute without an answer", act)


def win_dispute() -> Step:
    """We answer with evidence that wins, and the clock moves on until that is decided."""

    def act(context: RunContext) -> str:
        path = f"disputes/{_dispute(context)['id']}"
        context.stripe.post(path, {"evidence[uncategorized_text]": "winning_evidence"})
        context.move_clock_to(context.controls.state().now + DISPUTE_DECIDED_SECONDS)
        return f"Stripe says {_dispute(context)['status']}"

    return Step("Answer with evidence that wins", act)


def _dispute(context: RunContext) -> dict[str, str]:
    (found,) = context.stripe.page("disputes", charge=context.charge()["id"])
    return found
