"""A grant: what a paid session entitles its customer to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class GrantCause(StrEnum):
    """Why this app granted, where no event told of the payment."""

    RETURN = "return"  # the customer came back from Checkout
    SYNC = "sync"  # the session was retrieved from Stripe


@dataclass(frozen=True)
class Grant:
    """What one paid session entitles its customer to. ``amount_total`` is in minor units of
    ``currency``, ``granted_at`` in Unix seconds; ``cause`` is a ``GrantCause`` or the id of the
    event that told of the payment."""

    session_id: str
    kind: str
    quantity: int
    amount_total: int | None
    currency: str | None
    customer: str | None
    customer_email: str | None
    cause: str
    granted_at: float
