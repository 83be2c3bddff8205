"""What is recorded about one sale, in the sandbox and here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from billing.domain.sessions.details import SessionRecords
    from pages.scenarios.truth import Sale


@dataclass(frozen=True)
class ScenarioRecords:
    """Both sides: the sandbox's ``sale``, and our events and lines of the ledger."""

    sale: Sale
    records: SessionRecords
