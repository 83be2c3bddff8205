"""Which hosts the standalone sandbox answers as: only those that it is known by.

A page of another site can have its name rebound to this machine (DNS rebinding) and then reads what
it asks for; no name can be rebound to an IP address. The embedded sandbox stands behind the
launcher's guard.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from stripe_sandbox.api.responses import error_response
from stripe_sandbox.errors import StripeError

_DEFAULT_PORTS = {"http": 80, "https": 443}


class HostGuard:
    """Answers 403 to a `Host` that is no IP address, no `localhost`, none of the names and not the
    public URL's, and to an `Origin` other than the address asked or the public URL."""

    def __init__(self, app: ASGIApp, *, public_url: str, names: Iterable[str] = ()) -> None:
        self._app = app
        self._public = _origin(urlsplit(public_url))
        hosts = ("localhost", urlsplit(public_url).hostname or "", *names)
        self._names = frozenset(name.lower().rstrip(".") for name in hosts)
        self._refusal = lru_cache(maxsize=256)(self._find_refusal)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            asked = [pair for pair in scope["headers"] if pair[0] in (b"host", b"origin")]
            refusal = self._refusal(scope["scheme"], tuple(asked))
            if refusal is not None:
                await error_response(refusal)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _find_refusal(
        self, scheme: str, host_and_origin: tuple[tuple[bytes, bytes], ...]
    ) -> StripeError | None:
        headers = Headers(raw=list(host_and_origin))
        given = headers.getlist("host")
        is_one = len(given) == 1 and not set(given[0]) & set("@/?#\\")
        asked = _split(f"{scheme}://{given[0]}") if is_one else None
        name = ((asked and asked.hostname) or "").rstrip(".")
        if asked is None or not name:
            return _forbidden("The request's Host header names no host.")
        if not (_is_address(name) or name in self._names):
            return _forbidden(
                f"The sandbox does not answer at {name}. To allow that name, start it with "
                f"--allowed-host {name}."
            )
        origins = {_origin(asked), self._public}
        for origin in headers.getlist("origin"):
            parts = _split(origin)
            if parts is None or _origin(parts) not in origins:
                return _forbidden(
                    "Pages of other sites cannot use the sandbox. If people open it at "
                    f"{origin[:200]}, start it with --public-url and that address."
                )
        return None


def _forbidden(message: str) -> StripeError:
    return StripeError(message, status=403, before_execution=True)


def _split(url: str) -> SplitResult | None:
    """The URL's parts, None when it is none."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _origin(parts: SplitResult) -> tuple[str, str, int | None]:
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").rstrip("."), port


def _is_address(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
