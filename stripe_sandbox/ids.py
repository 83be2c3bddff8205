"""Identifiers in Stripe's shapes: a prefix that names the kind, then random letters and digits."""

from __future__ import annotations

import secrets
import string

ALPHABET = string.ascii_letters + string.digits


def random_text(length: int) -> str:
    """`length` random letters and digits, unguessable."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def new_id(prefix: str, length: int = 24) -> str:
    """A new identifier such as `cus_Qx…`: `prefix`, an underscore, `length` random characters."""
    return f"{prefix}_{random_text(length)}"
