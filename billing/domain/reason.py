"""Why sessions are not paid, and which of them want somebody's attention."""

from __future__ import annotations

from enum import StrEnum

LONG_PROCESSING_SECONDS = 5 * 86_400  # most bank debits are decided within four business days
UNKNOWN_CODE = "unknown"  # of a decline whose event gives none


class Reason(StrEnum):
    """A reason besides Stripe's decline codes, which are reasons by themselves."""

    ABANDONED = "abandoned"  # expired, and no attempt to pay is known
    EXPIRED_DECLINED = "expired_after_decline"
    FAILED_DEBIT = "failed_debit"
    STILL_DECLINED = "still_declined"  # and open
    LONG_PROCESSING = "long_processing"
    NOT_GRANTED = "not_granted"

    @property
    def label(self) -> str:
        """As people read it."""
        return _LABELS[self]

    @property
    def wants_attention(self) -> bool:
        """Somebody should look at it."""
        return self in (Reason.STILL_DECLINED, Reason.LONG_PROCESSING, Reason.NOT_GRANTED)


_LABELS = {
    Reason.ABANDONED: "Abandoned",
    Reason.EXPIRED_DECLINED: "Expired after a decline",
    Reason.FAILED_DEBIT: "Failed debit",
    Reason.STILL_DECLINED: "Declined and still open",
    Reason.LONG_PROCESSING: "Processing for over 5 days",
    Reason.NOT_GRANTED: "Paid, not granted",
}


def reason_label(reason: str) -> str:
    """A ``Reason`` or a decline code as people read it: ``Insufficient funds``."""
    if reason in set(Reason):
        return Reason(reason).label
    return reason.replace("_", " ").capitalize() if reason != UNKNOWN_CODE else "Unknown decline"
