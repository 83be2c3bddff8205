"""Renders the hosted pages' templates, and holds the files that they load."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from stripe_sandbox.hosted_page.countries import COUNTRIES
from stripe_sandbox.hosted_page.security import SECURITY_HEADERS

if TYPE_CHECKING:
    from jinja2 import Environment

_HERE = Path(__file__).parent
_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class Asset:
    """A static file; `version` changes with its content."""

    content: bytes
    media_type: str
    version: str

    @classmethod
    def read(cls, path: Path) -> Asset:
        """The file as an asset."""
        content = path.read_bytes()
        version = hashlib.sha256(content).hexdigest()[:12]
        return cls(content, _MEDIA_TYPES[path.suffix], version)


ASSETS = {
    path.name: Asset.read(path)
    for path in (_HERE / "static").iterdir()
    if path.suffix in _MEDIA_TYPES
}


class Templates:
    """The templates of one hosted page and those that all share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def _environment(self) -> Environment:
        # A sandbox starts without it: many programs never open a page.
        from jinja2 import Environment, FileSystemLoader, StrictUndefined

        environment = Environment(
            loader=FileSystemLoader([self._folder, _HERE / "templates"]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.globals["version"] = lambda name: ASSETS[name].version
        environment.globals["countries"] = COUNTRIES
        return environment

    def render(self, template: str, *, root: str, **context: object) -> str:
        """The page as HTML. `root` leads from the page's address to where the sandbox is served,
        such as `../../`: every link is relative, so that the pages work under any prefix."""
        return self._environment.get_template(template).render(
            static=f"{root}c/static/", root=root, **context
        )


def static_routes() -> list[BaseRoute]:
    """The stylesheet, scripts and icon. Pages name them with their hash: they may be cached."""

    async def static(request: Request) -> Response:
        asset = ASSETS.get(request.path_params["name"])
        if asset is None:
            return Response(status_code=404, headers=SECURITY_HEADERS)
        fresh = request.query_params.get("v") == asset.version
        cache = "public, max-age=31536000, immutable" if fresh else "no-cache"
        return Response(
            asset.content,
            media_type=asset.media_type,
            headers={**SECURITY_HEADERS, "Cache-Control": cache},
        )

    return [Route("/c/static/{name}", static, methods=["GET"])]
