"""Finds the endpoint of a request."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import Route
from stripe_sandbox.api.pagination import PARAMETERS
from stripe_sandbox.errors import StripeError
from stripe_sandbox.parameters.params import SimulatedParams
from stripe_sandbox.schema import sdk_operations
from stripe_sandbox.schema.sdk_operations import Operation

_WORD = re.compile(r"[a-z_]+\Z")
"""What can be a word of Stripe's paths rather than an id."""

_SOME_ID = "xx_1Ab2Cd3Ef4Gh5I"
_WITH_TWO_IDS = 5
"""How many parts a path such as `/v1/charges/:charge/refunds/:refund` has."""


@dataclass(frozen=True)
class Endpoint:
    """A route and the reader of its parameters."""

    route: Route
    parameters: SimulatedParams


class Support(StrEnum):
    """What the sandbox does with an operation of Stripe's."""

    SIMULATED = "simulated"
    EMPTY = "listed empty"
    REFUSED = "refused"


Found = tuple[Endpoint, tuple[str, ...]]
"""An endpoint and the ids in the path."""


class Router:
    """Endpoints by method and path.

    `more` makes those that are not needed before somebody asks for them.
    """

    def __init__(
        self,
        routes: Iterable[Route],
        more: Callable[[str, str], Route | None] = lambda _method, _path: None,
    ) -> None:
        self._endpoints: dict[tuple[str, tuple[str, ...]], Endpoint] = {}
        self._former: dict[str, Endpoint] = {}
        self._more = more
        for route in routes:
            self._add(route)

    def _add(self, route: Route) -> None:
        parts = tuple(":" if part.startswith(":") else part for part in route.path.split("/")[1:])
        simulates = (*route.simulates, "expand", *(PARAMETERS if route.lists else ()))
        endpoint = Endpoint(route, SimulatedParams(route.parameters, simulates))
        if route.former:
            self._former[route.name] = endpoint
        else:
            self._endpoints[route.method, parts] = endpoint

    def require(self, method: str, path: str, former: Operation | None) -> Found:
        """The endpoint and the ids in the path; `former` is the operation that the request calls
        if only older versions have it. StripeError: there is no such endpoint."""
        if former is None:
            found = self.find(method, path)
            if found is None:
                raise self.unknown(method, path)
            return found
        endpoint = self._former.get(f"{method} {former.path}")
        if endpoint is None:
            raise errors.operation_not_simulated(method, former.path)
        return endpoint, ()

    def find(self, method: str, path: str) -> Found | None:
        """The endpoint and the ids in the path; None when there is none."""
        found = self._match(method, path)
        if found is None:
            route = self._more(method, path)
            if route is not None:
                self._add(route)
                found = self._match(method, path)
        return found

    def _match(self, method: str, path: str) -> Found | None:
        """An id stands third or fourth, before an action, and perhaps another one fifth."""
        parts = tuple(path.split("/")[1:])
        exact = self._endpoints.get((method, parts))
        if exact is not None:
            return exact, ()
        for position in range(len(parts) - 1, 0, -1):
            pattern = (*parts[:position], ":", *parts[position + 1 :])
            endpoint = self._endpoints.get((method, pattern))
            if endpoint is not None and _is_id(method, path, parts, position):
                return endpoint, (parts[position],)
        if len(parts) == _WITH_TWO_IDS:
            endpoint = self._endpoints.get((method, (*parts[:2], ":", parts[3], ":")))
            if endpoint is not None and parts[2] and parts[4]:
                return endpoint, (parts[2], parts[4])
        return None

    def support(self, operation: Operation) -> Support:
        """What becomes of a request that calls the operation."""
        found = self.find(operation.method, re.sub(r"\{\w+\}", _SOME_ID, operation.path))
        if found is None:
            return Support.REFUSED
        return Support.EMPTY if found[0].route.empty else Support.SIMULATED

    def unknown(self, method: str, path: str) -> StripeError:
        """The error for a request without an endpoint: for an operation that only Stripe has, or
        for none at all."""
        operation = sdk_operations.find(method, path)
        if operation is None:
            return errors.unrecognized_url(method, path)
        return errors.operation_not_simulated(method, operation.path)


def _is_id(method: str, path: str, parts: tuple[str, ...], position: int) -> bool:
    """Whether an id stands there, and no word such as `search`, of which Stripe makes another
    operation."""
    part = parts[position]
    if not _WORD.match(part):  # nearly every id: the SDK's operations need not be looked through
        return part != ""
    operation = sdk_operations.find(method, path)
    return operation is None or operation.parts[position] != part
