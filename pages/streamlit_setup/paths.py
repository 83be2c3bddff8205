"""The paths that Streamlit serves and nobody needs here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.access.mode import AccessMode, access_mode
from billing.access.oidc.routes import ROUTES as SIGN_IN

if TYPE_CHECKING:
    from billing.settings.model import Settings

# Nobody uploads anything, and what the others give away or take, nobody needs.
UNUSED = (
    "/app/_stcore/upload_file",
    "/app/_stcore/metrics",
    "/app/_stcore/agent",
    "/app/_stcore/script-health-check",
    "/app/component/",
)


def closed_paths(settings: Settings) -> tuple[str, ...]:
    """Their beginnings; its sign-in is among them where it is not used."""
    return UNUSED if access_mode(settings) is AccessMode.OIDC else (*UNUSED, *SIGN_IN)
