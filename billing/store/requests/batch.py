"""Requests that are written together. What is long of them is compressed together: one is much like
the next."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

from billing.json_codec import dumps, loads
from billing.store.requests.hashes import term_hash

if TYPE_CHECKING:
    from collections.abc import Iterable

    from billing.domain.logged_request import LoggedRequest

_LONGEST = 300  # characters of paths and keys
_LEVEL = 1  # the others take longer, and make hardly less of it
# What ends each text, as it stands in no JSON. https://www.rfc-editor.org/rfc/rfc7464
_END = "\x1e"


class Contents(NamedTuple):
    """Of one request: parameters and answer, JSON texts, and what it is found by."""

    params: str
    answer: str
    terms: tuple[str, ...]


class Batch:
    """Rows of ``requests`` and of ``request_hashes``, and the contents of ``request_batches``."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.hashes: list[dict[str, int]] = []
        self._compressor = zlib.compressobj(_LEVEL)
        self._compressed: list[bytes] = []

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, request: LoggedRequest, cause: str) -> None:
        """Add a request with its cause (see ``ErrorCause``), empty where no try failed."""
        contents = Contents(request.params, request.answer, request.object_ids)
        self.add_row(_row(request, cause), contents)

    def add_row(self, row: dict[str, Any], contents: Contents) -> None:
        """Add a row, and what is long of its request."""
        self.rows.append(row)
        name = row["id"]
        self.hashes += [{"request": name, "hash": term_hash(term)} for term in contents.terms]
        self._compressed.append(self._compressor.compress(_encoded(name, contents)))

    @property
    def contents(self) -> list[Contents]:
        """Those of each row."""
        return [one for _, one in unpack(self.packed)]

    @property
    def packed(self) -> bytes:
        """The contents of all; more may be added later."""
        return b"".join((*self._compressed, self._compressor.copy().flush()))


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


def _row(request: LoggedRequest, cause: str) -> dict[str, Any]:
    first = request.tries[0] if len(request.tries) == 1 else None
    is_plain = first is not None and first.status is not None
    error = request.error
    return {
        "id": request.id,
        "method": request.method,
        "path": request.path[:_LONGEST],
        "status": request.status or 0,
        "seconds": request.seconds,
        "cause": cause,
        "tries": "" if is_plain else dumps([list(vars(one).values()) for one in request.tries]),
        "error": dumps(vars(error)) if error else "",
        "api_version": request.api_version,
        "idempotency_key": (request.idempotency_key or "")[:_LONGEST] or None,
        "replayed": request.replayed,
        "request_id": request.request_id,
        "params": "",
        "answer": "",
    }
