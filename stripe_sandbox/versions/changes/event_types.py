"""Some types of events are gone."""

from __future__ import annotations

from stripe_sandbox import errors
from stripe_sandbox.versions.change import Change, OlderRequest

_GONE = {
    *("invoiceitem.updated", "order.created", "sku.created", "sku.deleted", "sku.updated"),
    *("recipient.created", "recipient.deleted", "recipient.updated"),
}


def _raise(request: OlderRequest) -> None:
    given = request.form.get("enabled_events")
    for index, name in given.items() if isinstance(given, dict) else ():
        if isinstance(name, str) and name in _GONE:
            raise errors.not_simulated(f"enabled_events[{index}]", f"events of the type {name}")


CHANGE = Change(
    "2024-04-10",
    requests={
        "POST /v1/webhook_endpoints": _raise,
        "POST /v1/webhook_endpoints/:webhook_endpoint": _raise,
    },
)
