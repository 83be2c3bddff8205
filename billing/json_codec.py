"""JSON in and out: whatever was read once can be written, stored and read again."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

from billing.safe_text import sanitize

DEEPEST = 254  # levels of lists and objects; orjson writes no more
INTEGER_DIGITS = 20  # with its sign, of 64 bits
_IN_TEXT: tuple[Any, ...] = ("\\", "\\u0000")
_IN_BYTES: tuple[Any, ...] = tuple(one.encode() for one in _IN_TEXT)
NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")  # in JSON, where each backslash is doubled


def loads(text: str | bytes) -> Any:
    """The value that the JSON text stands for; ``ValueError`` when it is not JSON in UTF-8, or
    nested more deeply than ``DEEPEST``.

    What no database or page could hold is replaced: NaN and Infinity by None, an integer over 64
    bits by the nearest float, NUL and half a surrogate pair by a replacement character.
    """
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        value = _loads_leniently(text.decode() if isinstance(text, bytes) else text)
    backslash, nul = _IN_BYTES if isinstance(text, bytes) else _IN_TEXT
    if backslash in text and nul in text:  # the one is found ten times as fast
        value = orjson.loads(_without_nul(_dumps_leniently(value)))
    _dump(value)  # which takes less time than counting how deeply it may be nested
    return value


def dumps(value: Any) -> str:
    """The value as JSON text on one line. Of another's making than ``loads`` it is brought into
    the same shape; ``ValueError`` when it cannot be."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return _dump(_loads_leniently(_dumps_leniently(value)))


def _loads_leniently(text: str) -> Any:
    """What Python's own reader takes, in the shape that orjson takes."""
    try:
        value = json.loads(
            text, parse_int=_integer, parse_float=_finite, parse_constant=lambda _: None
        )
    except RecursionError:
        raise ValueError("The JSON is nested too deeply.") from None
    return orjson.loads(sanitize(_dumps_leniently(value)))


def _without_nul(text: str) -> str:
    return NUL.sub(lambda found: f"{found[1]}\N{REPLACEMENT CHARACTER}", text)


def _dumps_leniently(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except (RecursionError, TypeError) as error:
        raise ValueError(f"This cannot be written as JSON: {error}") from None


def _dump(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError as error:
        raise ValueError(f"This cannot be written as JSON: {error}") from None


def _integer(digits: str) -> int | float | None:
    return int(digits) if len(digits) <= INTEGER_DIGITS else _finite(digits)


def _finite(digits: str) -> float | None:
    number = float(digits)
    return number if abs(number) < float("inf") else None
