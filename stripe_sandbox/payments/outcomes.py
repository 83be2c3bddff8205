"""What a payer gives, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Card:
    """What a payer types of a card; `number` may hold spaces."""

    number: str
    exp_month: int
    exp_year: int
    cvc: str


@dataclass(frozen=True)
class Payer:
    """Who pays; `country` in ISO 3166-1 alpha-2."""

    email: str
    name: str
    country: str = "US"


@dataclass(frozen=True)
class Paid:
    """Paid: `return_url` is the session's success_url with {CHECKOUT_SESSION_ID} filled in."""

    return_url: str
    event_ids: tuple[str, ...]


@dataclass(frozen=True)
class Processing:
    """The bank will answer later: the session is complete, and not paid yet."""

    return_url: str
    event_ids: tuple[str, ...]


@dataclass(frozen=True)
class Declined:
    """Refused, the session is still open; `param` names the field at fault:
    number, exp_month, exp_year, cvc or None."""

    code: str
    decline_code: str | None
    message: str
    param: str | None


@dataclass(frozen=True)
class AuthenticationRequired:
    """The bank wants 3-D Secure first; go on with `Payments.authenticate`."""

    payment_intent: str


@dataclass(frozen=True)
class NotOpen:
    """Somebody was faster: the session is "complete" or "expired"."""

    status: str
    return_url: str | None


PaymentOutcome = Paid | Processing | Declined | AuthenticationRequired | NotOpen
