"""The operations of Stripe's API, as the stripe SDK's own code calls them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import stripe

_CALL = re.compile(r'request\w*\(\s*"(get|post|delete)",\s*"(/v[12]/[^"]+)"')


@dataclass(frozen=True)
class Operation:
    """`path` names its ids in braces: `/v1/refunds/{refund}/cancel`."""

    method: str
    path: str

    @property
    def parts(self) -> tuple[str, ...]:
        """What stands between the slashes."""
        return tuple(self.path.split("/")[1:])

    def is_at(self, parts: tuple[str, ...]) -> bool:
        """Whether a request of these path segments calls it."""
        return len(parts) == len(self.parts) and all(
            given and (known.startswith("{") or given == known)
            for known, given in zip(self.parts, parts, strict=True)
        )


@cache
def operations() -> frozenset[Operation]:
    """All operations. They are read from the SDK's files, which takes some tenths of a second
    once."""
    folder = Path(stripe.__file__).parent
    return frozenset(
        Operation(method.upper(), path)
        for module in folder.rglob("_*.py")
        if "params" not in module.parts
        for method, path in _CALL.findall(module.read_text(encoding="utf-8"))
    )


def find(method: str, path: str) -> Operation | None:
    """The operation that a request calls; of several the one whose words are in the path:
    `/v1/customers/search` is no customer."""
    parts = tuple(path.split("/")[1:])
    found = [one for one in operations() if one.method == method and one.is_at(parts)]
    return min(found, key=lambda one: one.path.count("{"), default=None)
