"""What is recorded about one sale, at Stripe and here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from billing.domain.sessions.details import SessionRecords
    from billing.domain.stripe_json import JSON
    from pages.scenarios.truth import Sale


@dataclass(frozen=True)
class ScenarioRecords:
    """Both sides: Stripe's ``sale``, read anew; and our events and lines of the ledger, with the
    ``entitlements`` that other programs get of the customer. ``paid_at`` is when the run saw Stripe
    call it paid (Unix seconds), None where it did not."""

    sale: Sale
    records: SessionRecords
    entitlements: JSON
    paid_at: float | None = None
