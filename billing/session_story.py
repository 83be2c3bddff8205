"""The story of one Checkout Session: what happened, in order, from all that is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from billing.checkout_session import CheckoutSession, Kind
from billing.money import format_money

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from billing.errors import StripeFailure
    from billing.store.event_queries import Event
    from billing.store.grants import Grant
    from billing.store.session_events import Told

MADE_BY = {"page": "in this dashboard", "api": "through the API", "": "by another program"}

JSON = dict[str, Any]


class Turn(StrEnum):
    """What a step means for the session."""

    MADE = "made"
    TRIED = "tried"
    CHALLENGED = "challenged"
    DECLINED = "declined"
    MONEY_TAKEN = "money taken"
    COMPLETED = "completed"
    PAID_LATER = "paid later"
    FAILED_LATER = "failed later"
    EXPIRED = "expired"
    GRANTED = "granted"
    NOT_GRANTED = "not granted"
    WILL_EXPIRE = "will expire"
    OTHER = "other"


TURNS = {
    "payment_intent.created": (Turn.TRIED, "A payment was begun"),
    "payment_intent.requires_action": (Turn.CHALLENGED, "3-D Secure was asked for"),
    "payment_intent.payment_failed": (Turn.DECLINED, "Declined"),
    "payment_intent.succeeded": (Turn.MONEY_TAKEN, "The payment succeeded"),
    "checkout.session.completed": (Turn.COMPLETED, "Checkout completed"),
    "checkout.session.async_payment_succeeded": (Turn.PAID_LATER, "The delayed payment arrived"),
    "checkout.session.async_payment_failed": (Turn.FAILED_LATER, "The delayed payment failed"),
    "checkout.session.expired": (Turn.EXPIRED, "Expired"),
}
_ORDER = list(Turn)
_CAUSES = {"return": "when the customer came back", "sync": "when our copy followed Stripe"}


@dataclass(frozen=True)
class Step:
    """One thing that happened, or will. ``at`` in Unix seconds, ``title`` and ``detail`` in words
    that may hold text of others, ``event`` Stripe's word for it and how it reached us."""

    turn: Turn
    at: float
    title: str
    detail: str = ""
    event: Event | None = None
    request_id: str | None = None


@dataclass(frozen=True)
class LineItem:
    """What is bought; amounts in minor units of ``currency``."""

    description: str
    quantity: int
    unit_amount: int | None
    amount_total: int
    currency: str

    @classmethod
    def from_stripe(cls, item: JSON) -> LineItem:
        """https://docs.stripe.com/api/checkout/sessions/line_items"""
        return cls(
            description=item.get("description") or "",
            quantity=item.get("quantity") or 0,
            unit_amount=(item.get("price") or {}).get("unit_amount"),
            amount_total=item.get("amount_total") or 0,
            currency=item.get("currency") or "usd",
        )


@dataclass(frozen=True)
class Asked:
    """What Stripe said when it was asked for a session: the object, or why not."""

    data: JSON | None = None
    failure: StripeFailure | None = None


@dataclass(frozen=True)
class Story:
    """All that is known of one session.

    ``data`` is Stripe's own object; ``line_items`` are known when Stripe was asked;
    ``in_the_copy`` says that our table holds it; ``dashboard_url`` is the place in Stripe's
    Dashboard, None when the other end is not Stripe.
    """

    session: CheckoutSession
    data: JSON
    steps: tuple[Step, ...]
    line_items: tuple[LineItem, ...]
    grant: Grant | None
    in_the_copy: bool
    dashboard_url: str | None


def steps_of(
    session: CheckoutSession, told: Sequence[Told], grant: Grant | None, made_by_request: str | None
) -> tuple[Step, ...]:
    """The steps, the first thing first; what is still to come at the end."""
    steps = [_made(session, made_by_request), *_events(told)]
    if grant:
        steps.append(_granted(grant))
    steps.sort(key=lambda step: (int(step.at), _ORDER.index(step.turn), step.at))
    if session.ours and session.is_paid and session.kind and not grant:
        failed = [one.event.error for one in told if one.event.error]
        detail = failed[-1] if failed else "It is granted as soon as one of its events is handled."
        steps.append(Step(Turn.NOT_GRANTED, steps[-1].at, "Paid, but not granted yet", detail))
    if session.status == "open":
        steps.append(
            Step(Turn.WILL_EXPIRE, session.expires_at, "Open until", "Its link works until then.")
        )
    return tuple(steps)


def _made(session: CheckoutSession, request_id: str | None) -> Step:
    by = MADE_BY.get(session.made_by, f"by {session.made_by}")
    return Step(
        Turn.MADE,
        session.created,
        f"Made {by}",
        f"{session.what}, {session.amount}",
        request_id=request_id,
    )


def _granted(grant: Grant) -> Step:
    what = Kind(grant.kind).describe(grant.quantity)
    cause = _CAUSES.get(grant.cause, f"by event {grant.cause}")
    return Step(Turn.GRANTED, grant.granted_at, f"Granted: {what}", cause)


def _events(told: Iterable[Told]) -> Iterator[Step]:
    for one in told:
        turn, title = TURNS.get(one.event.type, (Turn.OTHER, one.event.type))
        detail = _details(turn, one.object)
        yield Step(turn, one.event.created, title, detail, one.event, one.request_id)


def _details(turn: Turn, found: JSON) -> str:
    match turn:
        case Turn.DECLINED:
            error = found.get("last_payment_error") or {}
            codes = dict.fromkeys((error.get("code"), error.get("decline_code")))
            said = [str(error.get("message") or ""), ", ".join(code for code in codes if code)]
            return " ".join(part for part in said if part)
        case Turn.TRIED | Turn.MONEY_TAKEN if found.get("currency"):
            return format_money(int(found.get("amount") or 0), str(found["currency"]))
        case Turn.COMPLETED | Turn.PAID_LATER:
            paid = {"paid": "Paid", "unpaid": "The money is still on its way"}
            return paid.get(str(found.get("payment_status")), "Nothing to pay")
        case Turn.EXPIRED:
            return "Nothing can be paid with its link any more"
    return ""
