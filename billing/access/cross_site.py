"""Requests that a page of another site, or a browser by itself, makes in a person's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.access.caller import current_identity

if TYPE_CHECKING:
    from starlette.datastructures import Headers

OTHER_SITE = "Pages of other sites cannot create a Checkout Session"
LINK = f"{OTHER_SITE} in your name: copy the link into the address bar"


def cross_site_refusal(method: str, headers: Headers) -> tuple[int, str] | None:
    """Status and reason where a request must not create anything: it is a prefetch, or comes from
    another site's page; None for others.

    Programs send none of these headers and pass. A link may be followed from anywhere, unless the
    browser adds by itself who the caller is. What a page sends has an Origin as well, which
    ``billing.http.guards.host_guard`` has looked at.
    https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
    """
    if "prefetch" in headers.get("sec-purpose", headers.get("purpose", "")):
        return 503, "A prefetch does not create a Checkout Session"
    is_own = headers.get("sec-fetch-site", "none") in ("none", "same-origin")
    if method == "POST" or headers.get("sec-fetch-mode", "navigate") != "navigate":
        return None if is_own else (403, OTHER_SITE)
    if headers.get("sec-fetch-dest", "document") != "document":
        return 403, OTHER_SITE
    identity = current_identity()
    is_ambient = identity is not None and identity.kind.is_ambient
    return (403, LINK) if is_ambient and not is_own else None
