"""The controls of deliveries: what became of each, and to send them again."""

from __future__ import annotations

from typing import Any

from stripe_sandbox.control.fields import JsonFields
from stripe_sandbox.webhooks.history import DeliveryHistory
from stripe_sandbox.webhooks.resending import Resending

MAXIMUM_EVENTS = 100
MAXIMUM_LISTED = 200
LATEST = 1e12


class ControlDeliveries:
    """Answers as JSON values; what a delivery holds says `DeliveryHistory`."""

    def __init__(self, history: DeliveryHistory, resending: Resending) -> None:
        self._history = history
        self._resending = resending

    def find(self, query: JsonFields) -> dict[str, Any]:
        """Deliveries as `data`: those of the `events` (ids, separated by commas), else those that
        `failed_since` a time, to the `endpoint` or to any, else the newest of the `endpoint`."""
        events, endpoint = query.text("events", None), query.text("endpoint", None)
        since, limit = _time(query), MAXIMUM_LISTED
        query.reject_unknown()
        if events is not None:
            ids = events.split(",")
            if len(ids) > MAXIMUM_EVENTS:
                raise query.refusal("events", f"Name at most {MAXIMUM_EVENTS} events.")
            return {"data": self._history.of_events(ids)}
        if since is not None:
            return {"data": self._history.failed_since(since, endpoint, limit)}
        if endpoint is None:
            raise query.refusal("events", "Say which: `events`, `endpoint` or `failed_since`.")
        return {"data": self._history.of_endpoint(endpoint, limit)}

    def resend(self, fields: JsonFields) -> dict[str, Any]:
        """Deliver again: one `event` to the `endpoint`, or all that `failed_since` a time, to the
        `endpoint` or to any; how many were `resent`. StripeError: there is no such event or
        endpoint, or it is disabled."""
        event, endpoint = fields.text("event", None), fields.text("endpoint", None)
        since = fields.number("failed_since", None, 0, LATEST)
        fields.reject_unknown()
        if event is not None and endpoint is not None and since is None:
            self._resending.resend(event, endpoint)
            return {"resent": 1}
        if event is None and since is not None:
            return {"resent": self._resending.resend_failed(since, endpoint)}
        raise fields.refusal(
            "event", "Name an `event` and its `endpoint`, or a time as `failed_since`."
        )


def _time(query: JsonFields) -> float | None:
    """A time in Unix seconds, which an address holds as text."""
    text = query.text("failed_since", None)
    if text is None:
        return None
    try:
        return JsonFields({"failed_since": float(text)}).number("failed_since", None, 0, LATEST)
    except ValueError as error:
        raise query.refusal("failed_since", f"Invalid number: {text[:100]}") from error
