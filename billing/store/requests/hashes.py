"""What requests are found by, as a number that both databases index quickly."""

from __future__ import annotations

from hashlib import blake2b

_BYTES = 8  # of 64 bits: two terms of one hash are not to be expected


def term_hash(term: str) -> int:
    """The same for the same term, in every process."""
    digest = blake2b(term.encode(), digest_size=_BYTES).digest()
    return int.from_bytes(digest, "big", signed=True)
