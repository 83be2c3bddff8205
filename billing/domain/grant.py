"""A grant: what a paid session entitles its customer to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Grant:
    """What one paid session brought. ``amount_total`` in minor units of ``currency``.

    ``cause`` is the id of the event that brought it, ``return`` (the landing page) or ``sync``;
    ``granted_at`` is in Unix seconds.
    """

    session_id: str
    kind: str
    quantity: int
    amount_total: int | None
    currency: str | None
    customer: str | None
    customer_email: str | None
    cause: str
    granted_at: float
