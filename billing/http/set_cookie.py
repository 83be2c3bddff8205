"""``Set-Cookie`` headers of another part of the app, read and changed.

https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Set-Cookie
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def widened(
    headers: Iterable[str], *, at_root: Callable[[str], bool], is_secure: bool
) -> list[str]:
    """The headers, with ``Path=/`` for the cookies whose name is ``at_root`` and with ``Secure``
    for all when ``is_secure``. Of several for one cookie, such as a deletion and what follows it,
    the last one is left."""
    last: dict[tuple[str, str], str] = {}
    for header in headers:
        pair, *attributes = (part.strip() for part in header.split(";"))
        name = pair.partition("=")[0]
        path = next(filter(_is_path, attributes), "Path=/")
        others = [one for one in attributes if not _is_path(one) and one.lower() != "secure"]
        path = "Path=/" if at_root(name) else path
        last[name, path] = "; ".join([pair, path, *others, *(["Secure"] if is_secure else [])])
    return list(last.values())


def cookies_set(headers: Iterable[str]) -> dict[str, str]:
    """The cookies that a browser has after these headers, of those that it got by them."""
    found: dict[str, str] = {}
    for header in headers:
        pair, *attributes = (part.strip() for part in header.split(";"))
        name, _, value = pair.partition("=")
        if "max-age=0" in map(str.lower, attributes):
            found.pop(name, None)
        else:
            found[name] = value
    return found


def _is_path(attribute: str) -> bool:
    return attribute.lower().startswith("path=")
