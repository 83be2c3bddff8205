"""Something that was sold, as last read from Stripe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from billing.domain.actions.payment import PaymentState
    from billing.domain.ledger.pro import ProState


@dataclass(frozen=True)
class Sale:
    """Its ``payment`` (of Pro that of one invoice), and the subscription of Pro. Either is None
    where there is none, or it is not known yet."""

    payment: PaymentState | None = None
    pro: ProState | None = None
