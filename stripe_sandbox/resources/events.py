"""The endpoints of events (https://docs.stripe.com/api/events)."""

from __future__ import annotations

from fnmatch import fnmatchcase

from stripe.params._event_list_params import EventListParams
from stripe.params._event_retrieve_params import EventRetrieveParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import Call
from stripe_sandbox.api.pagination import Page, read_window
from stripe_sandbox.event_log import MAXIMUM_TYPES, event_types, is_thin_only
from stripe_sandbox.resources.resource import Resource
from stripe_sandbox.storage.objects import Object


class Events(Resource):
    """Shows the event log."""

    kind = "event"
    url = "/v1/events"
    retrieve_params = EventRetrieveParams
    list_params = EventListParams
    filters = ("created", "delivery_success", "type", "types")

    def _retrieve(self, call: Call) -> Object:
        event = self._backend.events.get(call.ids[0])
        if event is None or is_thin_only(event["type"]):
            raise errors.no_such(self.kind, call.ids[0], "id", 404)
        return event

    def _list(self, call: Call) -> Page:
        params = call.params
        errors.check_exclusive(params, "type", "types")
        types: list[str] | None = None
        if "type" in params:
            types = _matching(params["type"])
        elif "types" in params:
            types = params["types"]
            if len(types) > MAXIMUM_TYPES:
                raise errors.invalid(f"You may pass at most {MAXIMUM_TYPES} types.", "types")
        delivered = params.get("delivery_success")
        return self._backend.events.page(self.url, types, delivered, read_window(params))


def _matching(wanted: str) -> list[str] | None:
    """The types that a `type` filter with wildcards means; None: all of them."""
    if wanted == "*":
        return None
    if "*" not in wanted:
        return [wanted]
    pattern = wanted.replace("[", "[[]").replace("?", "[?]")
    return [known for known in event_types() if fnmatchcase(known, pattern)]
