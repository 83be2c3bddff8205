"""What actions are called, and what they would do, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.domain.actions.offered import Action, SaleAction, SandboxAction
from billing.domain.actions.subscription import SubscriptionAction, due_after
from billing.domain.money import format_money
from billing.domain.sessions.checkout_session import Kind
from pages.components.text.markdown import plain
from pages.components.text.times import local

if TYPE_CHECKING:
    from billing.domain.actions.payment import PaymentState, RefundPreview
    from billing.domain.actions.sale import Sale
    from billing.domain.ledger.pro import ProState

LABELS: dict[Action, str] = {
    SaleAction.REFUND: "Refund…",
    SaleAction.OPEN_PORTAL: "Customer portal…",
    SubscriptionAction.CANCEL_AT_PERIOD_END: "Cancel at period end…",
    SubscriptionAction.CANCEL_NOW: "Cancel now…",
    SubscriptionAction.KEEP: "Keep Pro…",
    SubscriptionAction.PAUSE_COLLECTION: "Pause collection…",
    SubscriptionAction.RESUME_COLLECTION: "Resume collection…",
    SubscriptionAction.RESUME: "Resume subscription…",
    SandboxAction.DISPUTE: "Dispute…",
    SandboxAction.DECIDE_DISPUTE: "Decide the dispute…",
    SandboxAction.FAIL_NEXT_RENEWAL: "Let the next renewal fail…",
    SandboxAction.RETRY_INVOICE: "Retry the invoice…",
}
_ICONS: dict[Action, str] = {
    SaleAction.REFUND: "undo",
    SaleAction.OPEN_PORTAL: "open_in_new",
    SubscriptionAction.CANCEL_AT_PERIOD_END: "event_busy",
    SubscriptionAction.CANCEL_NOW: "cancel",
    SubscriptionAction.KEEP: "event_available",
    SubscriptionAction.PAUSE_COLLECTION: "pause",
    SubscriptionAction.RESUME_COLLECTION: "play_arrow",
    SubscriptionAction.RESUME: "play_arrow",
}
_SANDBOX_ICON = "science"
TITLES: dict[Action, str] = {
    SaleAction.REFUND: "Refund this payment",
    SaleAction.OPEN_PORTAL: "Open the customer portal",
    SubscriptionAction.CANCEL_AT_PERIOD_END: "Cancel Pro at the end of its period",
    SubscriptionAction.CANCEL_NOW: "Cancel Pro now",
    SubscriptionAction.KEEP: "Keep Pro",
    SubscriptionAction.PAUSE_COLLECTION: "Pause collection",
    SubscriptionAction.RESUME_COLLECTION: "Resume collection",
    SubscriptionAction.RESUME: "Resume the subscription",
    SandboxAction.DISPUTE: "Dispute this payment",
    SandboxAction.DECIDE_DISPUTE: "Decide the dispute",
    SandboxAction.FAIL_NEXT_RENEWAL: "Let the next renewal fail",
    SandboxAction.RETRY_INVOICE: "Retry the invoice now",
}
BUTTONS: dict[Action, str] = {
    SubscriptionAction.CANCEL_AT_PERIOD_END: "Cancel at period end",
    SubscriptionAction.CANCEL_NOW: "Cancel now",
    SubscriptionAction.KEEP: "Keep Pro",
    SubscriptionAction.PAUSE_COLLECTION: "Pause collection",
    SubscriptionAction.RESUME_COLLECTION: "Resume collection",
    SubscriptionAction.RESUME: "Resume subscription",
    SandboxAction.DISPUTE: "Dispute payment",
    SandboxAction.DECIDE_DISPUTE: "Decide dispute",
    SandboxAction.FAIL_NEXT_RENEWAL: "Let it fail",
    SandboxAction.RETRY_INVOICE: "Retry now",
}


def icon(action: Action) -> str:
    """Its icon; what only a sandbox can do has the Test kit's."""
    return f":material/{_ICONS.get(action, _SANDBOX_ICON)}:"


def day(unix_seconds: int | None) -> str:
    """``27 Dec 2026``, in the browser's time zone."""
    return "an unknown day" if unix_seconds is None else f"{local(unix_seconds):%-d %b %Y}"


def credits_of(number: int) -> str:
    """``1 credit``, ``3 credits``."""
    return f"{number:,} credit{'' if number == 1 else 's'}"


def refund_effects(payment: PaymentState, preview: RefundPreview) -> list[str]:
    """What a refund would do to the money and to the credits, as Markdown."""
    amount, left = (
        plain(format_money(one, payment.currency)) for one in (preview.amount, preview.left)
    )
    rest = f"{left} can still be refunded" if preview.left else "then all of it is refunded"
    lines = [f"**{amount}** goes back to the customer; {rest}."]
    if not payment.bought:
        return lines
    if not preview.credits_taken:
        what = "no credits are left" if not payment.credits else "it pays for less than one"
        return [*lines, f"Takes back **no credits**: {what}."]
    stay = f"{preview.credits_left:,} stay" if preview.credits_left else "none stay"
    if preview.credits_left == 1:
        stay = "1 stays"
    taken = f"{preview.credits_taken:,} of {credits_of(payment.credits)}"
    return [*lines, f"Takes back **{taken}**; {stay}."]


def pro_effect_of_refund(state: ProState, *, cancels: bool) -> str:
    """What a refund does to Pro."""
    due = state.due
    if cancels:
        return "**Pro ends now**, and the subscription is canceled for good."
    if due.quantity:
        return f"**Pro stays** until {day(due.access_until)}: a refund alone does not end it."
    return "Pro is not active; that stays so."


def effects(state: ProState, action: SubscriptionAction) -> list[str]:
    """What it would do, in sentences of Markdown."""
    before, after = state.due, due_after(state, action)
    end = day(after.access_until or state.subscription.period_end)
    match action:
        case SubscriptionAction.CANCEL_NOW:
            was = f" It was to last until {day(before.access_until)}." if before.quantity else ""
            now = "**Pro ends now.**" if before.quantity else "Pro is not active any more."
            return [
                f"{now}{was}",
                "Nothing is refunded. A canceled subscription cannot be brought back.",
            ]
        case SubscriptionAction.CANCEL_AT_PERIOD_END:
            stays = f"**Pro stays until {end}**" if after.quantity else f"It lasts until {end}"
            return [f"{stays}, then it ends and is not renewed.", "Until then this can be undone."]
        case SubscriptionAction.KEEP:
            return [f"**Pro goes on** after {end}: it is renewed instead of ending."]
        case SubscriptionAction.PAUSE_COLLECTION:
            return ["**Pro stays**.", "Renewals are voided, not collected, until this is resumed."]
        case SubscriptionAction.RESUME_COLLECTION:
            return [f"Renewals are **collected again**, the next one on {end}."]
        case SubscriptionAction.RESUME:
            return [f"The subscription is active again: **Pro until {end}**."]


def done(state: ProState, action: SubscriptionAction) -> str:
    """What was done, by the subscription as it is now, as Markdown."""
    until = day(state.due.access_until)
    match action:
        case SubscriptionAction.CANCEL_NOW:
            return "The subscription is canceled: Pro has ended."
        case SubscriptionAction.CANCEL_AT_PERIOD_END:
            return f"Pro ends on {day(state.subscription.cancel_at)}."
        case SubscriptionAction.KEEP:
            return f"Pro goes on: it is renewed on {until}."
        case SubscriptionAction.PAUSE_COLLECTION:
            return "Collection is paused."
        case SubscriptionAction.RESUME_COLLECTION:
            return f"Collection is resumed; the next renewal is on {until}."
        case SubscriptionAction.RESUME:
            return f"The subscription is active again: Pro until {until}."


def what_is_held(sale: Sale) -> str:
    """What a dispute of the payment takes, while it is open: ``all 10 credits``, ``Pro``."""
    payment = sale.payment
    if payment is None or not payment.bought:
        return Kind.PRO.value.capitalize()
    return "the credit" if payment.credits == 1 else f"all {credits_of(payment.credits)}"
