"""Requests that are written together. What is long of them is compressed together: one is much like
the next."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from billing.json_codec import dumps, loads
from billing.store.requests.hashes import term_hash

if TYPE_CHECKING:
    from collections.abc import Iterable

_LEVEL = 1  # the others take longer, and make hardly less of it
_A_FEW = 16  # requests that are compressed at once: the compressor's memory is large
# What ends each text, as it stands in no JSON. https://www.rfc-editor.org/rfc/rfc7464
_END = "\x1e"


class Row(TypedDict):
    """Of ``requests``, which says what each means."""

    id: int
    method: str
    path: str
    status: int
    seconds: float
    cause: str
    tries: str
    error: str
    api_version: str
    idempotency_key: str | None
    replayed: bool
    request_id: str | None
    params: str
    answer: str
    batch: int  # as it is written


class Contents(NamedTuple):
    """Of one request: parameters and answer, JSON texts, and what it is found by."""

    params: str
    answer: str
    terms: tuple[str, ...]


class Batch:
    """Rows of ``requests`` and of ``request_hashes``, and the contents of ``request_batches``."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.hashes: list[dict[str, int]] = []
        self._texts: list[bytes] = []
        self._compressor = zlib.compressobj(_LEVEL)
        self._compressed: list[bytes] = []

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, row: Row, contents: Contents) -> None:
        """Add a request."""
        self.rows.append(row)
        name = row["id"]
        self.hashes += [{"request": name, "hash": term_hash(term)} for term in contents.terms]
        self._texts.append(_encoded(name, contents))
        if len(self._texts) >= _A_FEW:
            self._compress()

    @property
    def contents(self) -> list[Contents]:
        """Those of each row."""
        return [one for _, one in unpack(self.packed)]

    @property
    def packed(self) -> bytes:
        """The contents of all; more may be added later."""
        self._compress()
        return b"".join((*self._compressed, self._compressor.copy().flush()))

    def _compress(self) -> None:
        self._compressed.append(self._compressor.compress(b"".join(self._texts)))
        self._texts.clear()


def pack(found: Iterable[tuple[int, Contents]]) -> bytes:
    """The contents of requests, each with its id."""
    return zlib.compress(b"".join(_encoded(*one) for one in found), _LEVEL)


def unpack(packed: bytes) -> list[tuple[int, Contents]]:
    """What was packed; ``ValueError`` where it is damaged."""
    try:
        *texts, _ = zlib.decompress(packed).decode().split(_END)
    except zlib.error as error:
        raise ValueError(f"These requests cannot be read: {error}") from None
    left = iter(texts)
    return [
        (int(name), Contents(params, answer, tuple(loads(terms))))
        for name, params, answer, terms in zip(left, left, left, left, strict=True)
    ]


def _encoded(request_id: int, contents: Contents) -> bytes:
    texts = (str(request_id), contents.params, contents.answer, dumps(contents.terms), "")
    return _END.join(texts).encode()
