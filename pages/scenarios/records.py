"""What is recorded about one session, at Stripe and here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from billing.domain.sessions.details import SessionRecords
    from billing.services import Services


@dataclass(frozen=True)
class ScenarioRecords:
    """Both sides; ``session`` is Stripe's own object with its line items."""

    session: dict[str, Any]
    records: SessionRecords


async def read_records(services: Services, session_id: str, email: str) -> ScenarioRecords:
    """Read both sides. Raises ``StripeFailure`` or ``StoreFailure``."""
    session = await services.gateway.retrieve_checkout_session(session_id, with_line_items=True)
    return ScenarioRecords(session, await services.sessions.records(session_id, email))
