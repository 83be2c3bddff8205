"""Finds the endpoint of a request."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from stripe._v1_services import _subservices

from stripe_sandbox import errors
from stripe_sandbox.errors import StripeError
from stripe_sandbox.pagination import PARAMETERS
from stripe_sandbox.parameters import Simulated
from stripe_sandbox.world import Route


@dataclass(frozen=True)
class Endpoint:
    """A route and the reader of its parameters."""

    route: Route
    parameters: Simulated


class Router:
    """Endpoints by method and path."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._endpoints: dict[tuple[str, tuple[str, ...]], Endpoint] = {}
        for route in routes:
            parts = tuple(
                ":" if part.startswith(":") else part for part in route.path.split("/")[1:]
            )
            simulates = (*route.simulates, "expand", *(PARAMETERS if route.lists else ()))
            endpoint = Endpoint(route, Simulated(route.parameters, simulates))
            self._endpoints[route.method, parts] = endpoint

    def find(self, method: str, path: str) -> tuple[Endpoint, tuple[str, ...]] | None:
        """The endpoint and the ids in the path. Ids stand third or fourth, before an action."""
        parts = tuple(path.split("/")[1:])
        exact = self._endpoints.get((method, parts))
        if exact is not None:
            return exact, ()
        for position in range(len(parts) - 1, 0, -1):
            pattern = (*parts[:position], ":", *parts[position + 1 :])
            endpoint = self._endpoints.get((method, pattern))
            if endpoint is not None and parts[position]:
                return endpoint, (parts[position],)
        return None

    def unknown(self, method: str, path: str) -> StripeError:
        """Why nothing is found: a resource that only Stripe has, or no endpoint at all."""
        resource = path.split("/")[2] if path.count("/") > 1 else ""
        simulated = {parts[1] for _, parts in self._endpoints}
        if resource in _subservices and resource not in simulated:
            return errors.endpoint_not_simulated(method, path)
        return errors.unrecognized_url(method, path)
