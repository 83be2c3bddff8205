"""Stripe's whole objects as text, the way they are kept."""

from __future__ import annotations

import json
from typing import Any

import orjson


def dumped(document: dict[str, Any]) -> str:
    """The document as JSON text."""
    try:
        return orjson.dumps(document).decode()
    except TypeError:  # what only json can say: half a surrogate pair, a number over 64 bits
        return json.dumps(document)


def loaded(text: str) -> dict[str, Any]:
    """The document back from its text."""
    document: dict[str, Any] = json.loads(text) if "\\ud" in text else orjson.loads(text)
    return document


def storable(text: str) -> str:
    """``text`` without what no database holds: a NUL, half a surrogate pair."""
    if text.isascii() and "\x00" not in text:  # nearly always, and known at a glance
        return text
    return text.replace("\x00", "").encode(errors="ignore").decode()
