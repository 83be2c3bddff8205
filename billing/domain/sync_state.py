"""How up to date the stored sessions are."""

from __future__ import annotations

from dataclasses import dataclass

from billing.domain.durations import format_duration
from billing.errors import StripeFailure

STALE_AFTER = 60.0  # seconds; the sync worker synchronizes every few


@dataclass(frozen=True)
class SyncState:
    """How up to date the stored sessions are.

    ``as_of`` is when they last agreed with Stripe (Unix seconds, 0 never), ``age`` how many
    seconds ago that was. ``complete``: the whole history is stored; until then ``read`` counts
    its sessions so far. ``failure`` says why the last synchronization failed, and
    ``failure_is_temporary`` whether that passes by itself. ``no_events`` says why the key may not
    read events; sessions are then found in Stripe's list of sessions alone.
    """

    as_of: float = 0.0
    complete: bool = False
    read: int = 0
    failure: str | None = None
    next_step: str = ""
    request_id: str | None = None
    no_events: str | None = None
    no_events_next_step: str = ""
    age: float | None = None
    failure_is_temporary: bool = False

    @property
    def last_failure(self) -> StripeFailure | None:
        """Why the last synchronization failed, if it did."""
        if self.failure is None:
            return None
        return StripeFailure(self.failure, self.next_step, request_id=self.request_id)

    @property
    def stale_reason(self) -> StripeFailure | None:
        """Why the stored sessions are not up to date; None while they are."""
        # A time that lies ahead was written before somebody set the clock back.
        if self.complete and self.age is not None and abs(self.age) < STALE_AFTER:
            return None
        if self.last_failure:
            return self.last_failure
        if not self.complete or self.age is None:
            return StripeFailure(
                f"The history is still being read from Stripe: {self.read:,} sessions so far.",
                "Wait until it is complete.",
            )
        since = f"for {format_duration(self.age)}" if self.age > 0 else "recently"
        return StripeFailure(
            f"Data has not been updated from Stripe {since}.",
            "See the server's log. If this continues, restart the app.",
        )
