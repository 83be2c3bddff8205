"""What a payer enters, and what may come of a payment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar


@dataclass(frozen=True)
class Card:
    """What a payer types of a card; `number` may hold spaces."""

    number: str
    exp_month: int
    exp_year: int
    cvc: str


@dataclass(frozen=True)
class SavedCard:
    """A card of the customer's, by its id, with which a payer pays again."""

    id: str


@dataclass(frozen=True)
class Payer:
    """Who pays; `country` in ISO 3166-1 alpha-2, `address` the rest of the billing address (line1,
    line2, city, state, postal_code), `custom_fields` the answers to a session's by key, `saves`
    whether a session that offers that is to save the payment method."""

    email: str
    name: str
    country: str = "US"
    phone: str | None = None
    address: Mapping[str, str] = field(default_factory=dict)
    custom_fields: Mapping[str, str] = field(default_factory=dict)
    saves: bool = False


class OutcomeType(StrEnum):
    """The outcomes' names, as answers hold them."""

    PAID = "paid"
    PROCESSING = "processing"
    DECLINED = "declined"
    REQUIRES_ACTION = "requires_action"
    CLOSED = "closed"


@dataclass(frozen=True)
class Paid:
    """Paid: `return_url` is the session's success_url with {CHECKOUT_SESSION_ID} filled in."""

    type: ClassVar = OutcomeType.PAID
    return_url: str
    event_ids: tuple[str, ...]


@dataclass(frozen=True)
class Processing:
    """The bank will answer later: the session is complete, and not paid yet."""

    type: ClassVar = OutcomeType.PROCESSING
    return_url: str
    event_ids: tuple[str, ...]


@dataclass(frozen=True)
class Declined:
    """Refused, the session is still open; `param` names the field at fault:
    number, exp_month, exp_year, cvc or None."""

    type: ClassVar = OutcomeType.DECLINED
    code: str
    decline_code: str | None
    message: str
    param: str | None


@dataclass(frozen=True)
class AuthenticationRequired:
    """The bank wants 3-D Secure first; go on with `Payments.authenticate`."""

    type: ClassVar = OutcomeType.REQUIRES_ACTION
    payment_intent: str


@dataclass(frozen=True)
class NotOpen:
    """Nothing was done: the session is `complete` or `expired` already."""

    type: ClassVar = OutcomeType.CLOSED
    status: str
    return_url: str | None


PaymentOutcome = Paid | Processing | Declined | AuthenticationRequired | NotOpen
