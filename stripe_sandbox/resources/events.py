"""The endpoints of events (https://docs.stripe.com/api/events)."""

from __future__ import annotations

from fnmatch import fnmatchcase

from stripe.params._event_list_params import EventListParams
from stripe.params._event_retrieve_params import EventRetrieveParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import Call, Route
from stripe_sandbox.api.pagination import Page, read_window
from stripe_sandbox.backend import Backend
from stripe_sandbox.event_log import MAXIMUM_TYPES, event_types
from stripe_sandbox.storage.objects import Object

KIND = "event"
URL = "/v1/events"


class EventResource:
    """Shows the event log."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def routes(self) -> list[Route]:
        """The endpoints."""
        return [
            Route.listing(
                URL,
                self._list,
                EventListParams,
                KIND,
                ("created", "delivery_success", "type", "types"),
            ),
            Route("GET", URL + "/:id", self._retrieve, EventRetrieveParams, KIND),
        ]

    def _retrieve(self, call: Call) -> Object:
        event = self._backend.events.get(call.ids[0])
        if event is None:
            raise errors.no_such(KIND, call.ids[0], "id", 404)
        return event

    def _list(self, call: Call) -> Page:
        params = call.params
        if "type" in params and "types" in params:
            raise errors.invalid(
                "You may only specify one of these parameters: type, types.",
                "type",
                "parameters_exclusive",
            )
        types: list[str] | None = None
        if "type" in params:
            types = _matching(params["type"])
        elif "types" in params:
            types = params["types"]
            if len(types) > MAXIMUM_TYPES:
                raise errors.invalid(f"You may pass at most {MAXIMUM_TYPES} types.", "types")
        delivered = params.get("delivery_success")
        return self._backend.events.page(URL, types, delivered, read_window(params))


def _matching(wanted: str) -> list[str] | None:
    """The types that a `type` filter with wildcards means; None: all of them."""
    if wanted == "*":
        return None
    if "*" not in wanted:
        return [wanted]
    pattern = wanted.replace("[", "[[]").replace("?", "[?]")
    return [known for known in event_types() if fnmatchcase(known, pattern)]
