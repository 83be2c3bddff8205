"""``/api/billing/*`` and ``/metrics``: the HTTP routes, the same code as behind the pages."""

from billing.routes.api import OPEN_PATHS, PREVIEWS, routes

__all__ = ["OPEN_PATHS", "PREVIEWS", "routes"]
