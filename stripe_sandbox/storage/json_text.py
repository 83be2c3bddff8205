"""JSON as Stripe writes it, indented by two spaces: so it is stored, sent and signed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import orjson


def dump(value: Any) -> str:
    """The value as JSON."""
    try:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    except TypeError:  # half a surrogate pair, which fits no UTF-8: whoever encodes it finds out
        return json.dumps(value, indent=2, ensure_ascii=False)


def dump_compact(value: Any) -> str:
    """The value as JSON without a space, for what nobody is sent."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # as above
        return json.dumps(value, separators=(",", ":"), ensure_ascii=True)


def load(text: str | bytes) -> Any:
    """What JSON says. ValueError: it is none."""
    return orjson.loads(text)


def dump_list(url: str, bodies: Iterable[str], has_more: bool) -> str:
    """Stripe's list object of objects that are JSON already, made without parsing them."""
    data = ",\n    ".join(body.replace("\n", "\n    ") for body in bodies)
    return (
        '{\n  "object": "list",\n  "data": ['
        + (f"\n    {data}\n  " if data else "")
        + f'],\n  "has_more": {"true" if has_more else "false"},\n  "url": {dump(url)}\n}}'
    )
