"""The ledger held against Stripe: what was compared, and what differs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from billing.domain.ledger.line import Due
    from billing.domain.sessions.checkout_session import Kind

DIFFERENCES_SHOWN = 100


@dataclass(frozen=True)
class Difference:
    """A subject of which the ledger says something else (``recorded``) than Stripe (``due``)."""

    subject: str
    kind: Kind
    recorded: Due
    due: Due

    def __str__(self) -> str:
        return f"{self.subject}: {self._say(self.recorded)} here, {self._say(self.due)} in Stripe"

    def _say(self, what: Due) -> str:
        if self.kind.mode == "payment":
            return self.kind.describe(what.quantity)
        if not what.quantity:
            return "no Pro"
        return "Pro" if what.access_until is None else f"Pro until {what.access_until}"


@dataclass(frozen=True)
class ReconciliationSummary:
    """A report as it is stored: ``text`` is its counts in words, ``differences`` the first of them
    in words, ``remaining`` how many there are, where they were not fixed; ``at`` Unix seconds."""

    at: float
    text: str
    differences: list[str]
    is_proof: bool
    remaining: int = 0


@dataclass(frozen=True)
class ReconciliationReport:
    """How many payments and subscriptions were compared, what differs, whether that was
    ``fixed``, and Stripe's words for what the key may not read. ``at`` is in Unix seconds."""

    at: float
    payments: int
    subscriptions: int
    differences: tuple[Difference, ...] = ()
    fixed: bool = False
    forbidden: tuple[str, ...] = ()

    @property
    def is_proof(self) -> bool:
        """Everything was compared, and nothing differs, or not any more."""
        return not self.forbidden and (self.fixed or not self.differences)

    @property
    def summary(self) -> ReconciliationSummary:
        """What is stored of it."""
        first = [str(one) for one in self.differences[:DIFFERENCES_SHOWN]]
        remaining = 0 if self.fixed else len(self.differences)
        return ReconciliationSummary(self.at, str(self), first, self.is_proof, remaining)

    def __str__(self) -> str:
        counted = (
            (self.payments, "payment"),
            (self.subscriptions, "subscription"),
            (len(self.differences), "difference"),
        )
        words = ", ".join(f"{n:,} {what}{'' if n == 1 else 's'}" for n, what in counted)
        return f"{words}{', fixed' if self.fixed and self.differences else ''}"
