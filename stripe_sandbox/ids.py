"""Identifiers in Stripe's shapes: a prefix that names the kind, then random letters and digits."""

from __future__ import annotations

import os
import string

ALPHABET = string.ascii_letters + string.digits
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
    """A new identifier such as `cus_Qx…`: `prefix`, an underscore, `length` random characters."""
    return f"{prefix}_{random_text(length)}"
