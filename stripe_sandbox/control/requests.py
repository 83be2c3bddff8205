"""`/_control/requests`: the log of the requests that were made to the sandbox.

`GET  /requests`                  the newest, or `below` an id, at most `limit`; filters `status`
                                  (402, 4xx, none), `path` (how it begins), `client`, `cause`,
                                  `about` (an id or an idempotency key), `errors=true`
`GET  /requests/causes`           why requests failed, how often, first and last
`GET  /requests/clients`          who made them
`GET  /requests/touching/{ids}`   those about one of the ids, the oldest first, `without_client` or
                                  with any
`GET  /requests/{id}`             one whole
`POST /requests/{id}/send_again`  the same once more, with a new idempotency key
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp

from stripe_sandbox import errors
from stripe_sandbox.control.fields import JsonFields
from stripe_sandbox.request_log.queries import LoggedRequests, RequestFilter
from stripe_sandbox.request_log.sending import send_again
from stripe_sandbox.storage.objects import Object

PAGE_SIZE, LARGEST_PAGE = 50, 1_000
_LARGEST = 1 << 62


class ControlRequests:
    """Answers what is asked of the log; `api` is what requests are sent again to."""

    def __init__(self, requests: LoggedRequests, api: ASGIApp) -> None:
        self._requests = requests
        self._api = api

    def write(self) -> None:
        """Write what was asked so far, with the clock as it is."""
        self._requests.write()

    async def page(self, request: Request, fields: JsonFields) -> dict[str, Any]:
        """Those that the query asks for."""
        fields.reject_unknown()
        asked = dict(request.query_params)
        below = _integer(asked.pop("below", None), "below", _LARGEST)
        limit = _integer(asked.pop("limit", None), "limit", LARGEST_PAGE)
        only_errors = asked.pop("errors", "false") == "true"
        unknown = sorted(asked.keys() - RequestFilter.__dataclass_fields__.keys())
        if unknown:
            raise errors.parameter_unknown(unknown)
        try:
            return self._requests.page(
                RequestFilter(**asked, errors=only_errors), below, limit or PAGE_SIZE
            )
        except ValueError:
            raise errors.bad_parameter(
                "Invalid status: give one such as 402, 4xx, or none.", "status"
            ) from None

    async def causes(self, _: Request, fields: JsonFields) -> dict[str, Any]:
        """The groups of errors."""
        fields.reject_unknown()
        return {"data": self._requests.causes()}

    async def clients(self, _: Request, fields: JsonFields) -> dict[str, Any]:
        """The names of the programs."""
        fields.reject_unknown()
        return {"data": self._requests.clients()}

    async def touching(self, request: Request, fields: JsonFields) -> dict[str, Any]:
        """Those about one of the ids."""
        fields.reject_unknown()
        ids = request.path_params["ids"].split(",")
        without = request.query_params.get("without_client")
        return {"data": self._requests.touching(ids, without)}

    async def show(self, request: Request, fields: JsonFields) -> dict[str, Any]:
        """One of them."""
        fields.reject_unknown()
        return self._require(request.path_params["id"])

    async def send_again(self, request: Request, fields: JsonFields) -> dict[str, Any]:
        """Make a request once more: its `status`, `request_id` and `id` in the log."""
        fields.reject_unknown()
        logged = self._require(request.path_params["id"])
        status, request_id = await send_again(
            self._api,
            logged,
            request.headers["authorization"],
            request.headers.get("user-agent", ""),
        )
        made = self._requests.page(RequestFilter(about=request_id), None, 1)["data"]
        return {"status": status, "request_id": request_id, "id": made[0]["id"] if made else None}

    def _require(self, number: str) -> Object:
        found = self._requests.get(int(number)) if number.isdecimal() and len(number) < 19 else None
        if found is None:
            raise errors.no_such("request", number, "id", 404)
        return found


def _integer(text: str | None, name: str, largest: int) -> int | None:
    if text is None:
        return None
    if not (text.isdecimal() and text.isascii() and 0 < int(text[:20]) <= largest):
        raise errors.bad_parameter(f"Invalid integer: {text[:50]}", name)
    return int(text)
