"""Stripe's ids where there is no width for them."""

from __future__ import annotations

SHORT = 12  # characters


def short_id(stripe_id: str) -> str:
    """``evt_…h7tY``: what it is the id of, and its end; a short one as it is."""
    prefix, separator, _ = stripe_id.partition("_")
    if not separator or len(stripe_id) <= SHORT:
        return stripe_id
    return f"{prefix}_…{stripe_id[-4:]}"
