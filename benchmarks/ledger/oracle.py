"""What every sale in a sandbox gives now: the oracle, which asks the sandbox alone."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from pages.scenarios.truth import Sale

if TYPE_CHECKING:
    from collections.abc import Iterator

    from billing.domain.ledger.line import Due
    from pages.scenarios.sandbox_api import SandboxApi

JSON = dict[str, Any]
PAGE = 100


def due_by_subject(stripe: SandboxApi) -> dict[str, Due]:
    """What each session for credits and each subscription gives, by its id."""
    charges = {one["payment_intent"]: one for one in listed(stripe, "charges") if one["paid"]}
    disputes: defaultdict[str, list[JSON]] = defaultdict(list)
    for dispute in listed(stripe, "disputes"):
        disputes[dispute["payment_intent"]].append(dispute)
    expand = {"expand[]": "data.latest_invoice.payments"}
    subscriptions = {
        one["id"]: one for one in listed(stripe, "subscriptions", status="all", **expand)
    }
    found: dict[str, Due] = {}
    for session in listed(stripe, "checkout/sessions", **{"expand[]": "data.line_items"}):
        subscription = subscriptions.get(session["subscription"])
        intents = [session["payment_intent"]]
        if subscription:
            payments = subscription["latest_invoice"]["payments"]["data"]
            intents = [one["payment"]["payment_intent"] for one in payments]
        sale = Sale(
            session,
            charges.get(session["payment_intent"]),
            subscription,
            tuple(dispute for intent in intents for dispute in disputes[intent]),
        )
        if sale.is_paid:
            found[session["subscription"] or session["id"]] = sale.due
    return found


def listed(stripe: SandboxApi, path: str, **params: Any) -> Iterator[JSON]:
    """All objects of a list, the newest first."""
    after: JSON = {}
    while True:
        page = stripe.get(path, limit=PAGE, **params, **after)
        yield from page["data"]
        if not page["has_more"]:
            return
        after = {"starting_after": page["data"][-1]["id"]}
