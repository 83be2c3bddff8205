"""``/api/billing/*`` and ``/metrics``: the HTTP routes, the same code as behind the pages, and the
WebSocket by which pages hear of changes."""

from billing.routes.api import OPEN_PATHS, PREVIEWS, routes
from billing.routes.changes import change_socket

__all__ = ["OPEN_PATHS", "PREVIEWS", "change_socket", "routes"]
