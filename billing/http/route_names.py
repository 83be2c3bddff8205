"""What requests are counted and traced by: the route, never an id."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Scope

METRICS_PATH = "/metrics"
OWN_ROUTES = ("/api/", METRICS_PATH)
# What is not one of our own routes is named after where its path begins.
BEGINNINGS = (
    *("/api/", "/sandbox/v1/", "/sandbox/v2/", "/sandbox/_control/", "/sandbox/"),
    *("/app/static/", "/app/_stcore/", "/app"),
)
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
NO_ANSWER = 499  # as nginx logs it: the client left before there was one


def route_of(scope: Scope) -> str:
    """The path of the route that answered a request, as it is declared, or where its path
    begins."""
    path: str = getattr(scope.get("route"), "path", "")
    if path.startswith(OWN_ROUTES):
        return path
    path = scope["path"]
    begin = next((begin for begin in BEGINNINGS if path.startswith(begin)), "other")
    return begin.rstrip("/")


def method_of(scope: Scope) -> str:
    """The request's method; one that is none is ``other``."""
    return scope["method"] if scope["method"] in METHODS else "other"
