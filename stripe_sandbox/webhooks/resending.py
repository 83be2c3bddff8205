"""Sends events again: one to an endpoint, as `stripe events resend` does
(https://docs.stripe.com/cli/events/resend), or all whose delivery failed."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import Call, Route
from stripe_sandbox.backend import Backend
from stripe_sandbox.resources.core.thin_events import stored_id
from stripe_sandbox.storage.objects import Object
from stripe_sandbox.webhooks.history import DeliveryHistory


class _RetryParams(TypedDict):
    """What the CLI sends; the SDK has no such method."""

    account: NotRequired[str]
    expand: NotRequired[list[str]]
    for_stripecli: NotRequired[bool]
    webhook_endpoint: NotRequired[str]


class Resending:
    """Has events delivered once more, at once. A delivery that fails then is tried again as far as
    the schedule goes."""

    def __init__(self, backend: Backend, history: DeliveryHistory) -> None:
        self._backend = backend
        self._history = history

    def routes(self) -> list[Route]:
        """What the CLI calls."""
        url, simulates = "/v1/events/:event/retry", ("webhook_endpoint",)
        return [Route("POST", url, self._retry, _RetryParams, "event", simulates)]

    def _retry(self, call: Call) -> Object:
        if "webhook_endpoint" not in call.params:
            raise errors.parameter_missing("webhook_endpoint")
        self.resend(call.ids[0], call.params["webhook_endpoint"])
        return self._backend.events.get(call.ids[0]) or {}

    def resend(self, event_id: str, endpoint_id: str) -> None:
        """Deliver the event to that endpoint, also where it never was. StripeError: there is no
        such event or endpoint, or the endpoint is disabled."""
        backend = self._backend
        event = next(filter(None, map(backend.events.get, (*stored_id(event_id), event_id))), None)
        if event is None:
            raise errors.no_such("event", event_id, "event", 404)
        endpoint = self._history.endpoint(endpoint_id)
        if endpoint is None:
            raise errors.no_such("webhook_endpoint", endpoint_id, "webhook_endpoint")
        if endpoint["status"] != "enabled":
            raise errors.invalid(
                f"The webhook endpoint {endpoint_id} is disabled. Enable it first.",
                "webhook_endpoint",
            )
        with backend.database.transaction():
            backend.events.queue.add_again(event["id"], endpoint_id, backend.clock.time())

    def resend_failed(self, since: float, endpoint: str | None) -> int:
        """Deliver again what failed since then, in Unix seconds, and no attempt brought: to one
        endpoint or to any that is enabled; how many deliveries those are."""
        if endpoint is not None and self._history.endpoint(endpoint) is None:
            raise errors.no_such("webhook_endpoint", endpoint, "webhook_endpoint")
        enabled = {one["id"] for one in self._history.endpoints() if one["status"] == "enabled"}
        with self._backend.database.transaction():
            found = [
                (event, one)
                for seq in self._history.failed_ids(since, endpoint)
                for event, one in self._backend.database.rows(
                    "SELECT event, endpoint FROM deliveries WHERE seq = ?", (seq,)
                )
                if one in enabled
            ]
            for event, one in found:
                self._backend.events.queue.add_again(event, one, self._backend.clock.time())
        return len(found)
