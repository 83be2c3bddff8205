"""The Checkout page's security: its headers, whose posts it accepts, which links it shows."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request

# `form-action` and `connect-src` let the page post to its own origin only.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # `no-referrer` would make browsers send `Origin: null` with the plain form.
    "Referrer-Policy": "same-origin",
}


def comes_from_another_site(request: Request) -> bool:
    """Whether a browser says that a page of another origin sent this.

    Browsers add Sec-Fetch-Site on https and localhost, and Origin to every POST; a client that
    sends neither is no browser, and cannot be tricked into sending anything.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    if origin is None:
        return False
    # The host alone: behind a proxy that speaks TLS, our own scheme is not the browser's.
    return urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower()


def web_link(url: str | None) -> str | None:
    """The URL if it is one to link to, that is http or https with a host; else None."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.hostname else None
