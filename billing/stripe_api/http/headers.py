"""The headers of an answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


class Headers(Mapping[str, str]):
    """Headers by their names, in whatever case they are asked for. ``raw`` are those that came, by
    their names in lower case; most are never read, and so decoded when they are."""

    __slots__ = ("_raw",)

    def __init__(self, raw: dict[bytes, bytes]) -> None:
        self._raw = raw

    def __getitem__(self, name: str) -> str:
        try:
            return self._raw[_key(name)].decode("latin-1")
        except KeyError:
            raise KeyError(name) from None

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and _key(name) in self._raw

    def __iter__(self) -> Iterator[str]:
        return (name.decode("latin-1") for name in self._raw)

    def __len__(self) -> int:
        return len(self._raw)

    def get(self, name: str, default: Any = None) -> Any:  # Mapping's own raises to find it out
        value = self._raw.get(_key(name))
        return default if value is None else value.decode("latin-1")


def _key(name: str) -> bytes:
    return name.lower().encode("latin-1", "replace")
