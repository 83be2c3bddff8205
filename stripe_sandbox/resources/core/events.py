"""The endpoints of thin events (https://docs.stripe.com/api/v2/core/events)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NotRequired
from urllib.parse import urlencode

from stripe.params.v2.core._event_list_params import EventListParams, EventListParamsCreated
from stripe.params.v2.core._event_retrieve_params import EventRetrieveParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import Call, Route
from stripe_sandbox.api.pagination import read_limit
from stripe_sandbox.event_log import MAXIMUM_TYPES, RETENTION_SECONDS, is_thin_only
from stripe_sandbox.resources.core.thin_events import KIND, stored_id, thin_event
from stripe_sandbox.resources.resource import Resource
from stripe_sandbox.storage.filters import COMPARISONS
from stripe_sandbox.storage.json_text import load
from stripe_sandbox.storage.objects import Object

DEFAULT_LIMIT = 20


class _ListParams(EventListParams):
    created: NotRequired[EventListParamsCreated]
    page: NotRequired[str]


class CoreEvents(Resource):
    """Shows the event log as thin events."""

    kind = KIND
    url = "/v2/core/events"
    retrieve_params = EventRetrieveParams
    list_params = _ListParams
    filters = ("created", "limit", "object_id", "page", "types")

    def routes(self) -> list[Route]:
        """All endpoints; a list's answer has the form of /v2."""
        listing = Route("GET", self.url, self._listed, self.list_params, self.kind, self.filters)
        return [listing, Route("GET", self.path, self._retrieve, self.retrieve_params, self.kind)]

    def _retrieve(self, call: Call) -> Object:
        for identifier in stored_id(call.ids[0]):
            event = self._backend.events.get(identifier)
            if event is not None and thin_event(event)["id"] == call.ids[0]:
                return thin_event(event)
        raise errors.no_such("event", call.ids[0], "id", 404)

    def _listed(self, call: Call) -> Object:
        params = call.params
        limit = read_limit({"limit": DEFAULT_LIMIT, **params})
        types = params.get("types", [])
        if len(types) > MAXIMUM_TYPES:
            raise errors.invalid(f"You may pass at most {MAXIMUM_TYPES} types.", "types")
        created = {name: _seconds(text) for name, text in params.get("created", {}).items()}
        rows = self._rows(types, params.get("object_id"), created, _place(params), limit + 1)
        following = None
        if len(rows) > limit:
            last = rows[limit - 1]
            following = f"{self.url}?{_query({**params, 'page': f'{last[0]}.{last[1]}'})}"
        return {
            "data": [thin_event(load(body)) for _, _, body in rows[:limit]],
            "next_page_url": following,
            "previous_page_url": None,
        }

    def _rows(
        self,
        types: list[str],
        object_id: str | None,
        created: dict[str, int],
        below: tuple[int, int] | None,
        limit: int,
    ) -> list[tuple[Any, ...]]:
        """`created`, place and JSON of the newest events: of these types, about the object, created
        then, and `below` a `created` and place."""
        conditions = ["created > ?"]
        values: list[Any] = [int(self._backend.clock.wall()) - RETENTION_SECONDS]
        for comparison, moment in created.items():
            conditions.append(f"created {COMPARISONS[comparison]} ?")
            values.append(moment)
        if types:
            names = {*types, *(name.removeprefix("v1.") for name in types if is_thin_only(name))}
            conditions.append(f"type IN ({', '.join('?' * len(names))})")
            values += names
        if object_id is not None:
            conditions.append("body ->> '$.data.object.id' = ?")
            values.append(object_id)
        if below is not None:
            conditions.append("(created, seq) < (?, ?)")
            values += below
        return self._backend.database.rows(
            f"SELECT created, seq, body FROM events WHERE {' AND '.join(conditions)} "  # noqa: S608  # names of ours
            "ORDER BY created DESC, seq DESC LIMIT ?",
            (*values, limit),
        )


def _seconds(text: str) -> int:
    try:
        return int(datetime.fromisoformat(text).timestamp())
    except ValueError as error:
        raise errors.invalid(f"Invalid timestamp: {text}", "created") from error


def _place(params: dict[str, Any]) -> tuple[int, int] | None:
    """Where the page begins: below an event of that time and place in the log."""
    if "page" not in params:
        return None
    created, _, seq = params["page"].partition(".")
    if not (created.isdigit() and seq.isdigit()):
        raise errors.invalid("Invalid page token.", "page")
    return int(created), int(seq)


def _query(params: dict[str, Any]) -> str:
    pairs: list[tuple[str, Any]] = []
    for name, value in params.items():
        if isinstance(value, list):
            pairs += [(f"{name}[{place}]", one) for place, one in enumerate(value)]
        elif isinstance(value, dict):
            pairs += [(f"{name}[{key}]", one) for key, one in value.items()]
        else:
            pairs.append((name, value))
    return urlencode(pairs)
