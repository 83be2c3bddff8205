"""Identifiers in Stripe's shapes: a prefix that names the kind, then letters and digits."""

from __future__ import annotations

import os
import string
import time
from functools import lru_cache

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_EVEN = 256 - 256 % len(ALPHABET)
_LETTERS = (ALPHABET * 5).encode()[:256]
_UNEVEN = bytes(range(_EVEN, 256))
"""Bytes that would make some letters likelier than others: they are thrown away."""


def random_text(length: int) -> str:
    """`length` random letters and digits, unguessable."""
    text = b""
    while len(text) < length:
        text += os.urandom(length + 8).translate(_LETTERS, _UNEVEN)
    return text[:length].decode()


def new_id(prefix: str, length: int = 24) -> str:
    """A new identifier such as `cus_Qx…`: `prefix`, an underscore, `length` characters. The first
    of them are the time, as in Stripe's, so that new rows stand together in an index; the others
    are random."""
    return f"{prefix}_{_moment(int(time.time() * _A_SECOND))}{random_text(length - _MOMENT)}"


_A_SECOND = 64
_MOMENT = 6
"""Characters in which the time goes round only after some 28 years."""


@lru_cache(maxsize=1)
def _moment(number: int) -> str:
    text = ""
    for _ in range(_MOMENT):
        number, at = divmod(number, len(ALPHABET))
        text = ALPHABET[at] + text
    return text
