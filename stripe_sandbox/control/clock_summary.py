"""What happened while the clock was moved, in figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def summarize(counts: Mapping[tuple[str, str | None], int]) -> dict[str, Any]:
    """The `happened` of an answer, of event counts by type and `billing_reason`.

    How many renewals fell due, and how many of them were paid and failed (the rest waits for a
    bank); sessions that expired; bank debits of sessions that succeeded and failed; disputes that
    were opened and closed; refunds of which something new is known, and how many of them failed.
    """

    def count(name: str, reason: str | None = None) -> int:
        return counts.get((name, reason), 0)

    return {
        "renewals": {
            "due": count("invoice.created", "subscription_cycle"),
            "paid": count("invoice.paid", "subscription_cycle"),
            "failed": count("invoice.payment_failed", "subscription_cycle"),
        },
        "sessions_expired": count("checkout.session.expired"),
        "debits": {
            "succeeded": count("checkout.session.async_payment_succeeded"),
            "failed": count("checkout.session.async_payment_failed"),
        },
        "disputes_opened": count("charge.dispute.created"),
        "disputes_closed": count("charge.dispute.closed"),
        "refunds": {"updated": count("refund.updated"), "failed": count("refund.failed")},
    }
