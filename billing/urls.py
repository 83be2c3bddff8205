"""Web addresses that others wrote."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_UNSAFE = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\\]")


def web_url(url: object) -> str | None:
    """``url`` when a browser may be sent there: http or https, with a host, nothing to mislead
    it; else None."""
    if not isinstance(url, str) or _UNSAFE.search(url):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.hostname else None
