"""Parameters as Stripe's API takes them: a form, with nested names in brackets.

https://docs.stripe.com/api#intro
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping


def encode(params: Mapping[str, Any]) -> str:
    """``params`` (texts, numbers, booleans, and lists and dicts of them) as the SDK encodes them,
    at a fraction of its cost. What is None is left out."""
    fields = [
        f"{_quoted(name)}={_quoted(value)}" if isinstance(value, str) else _nested(name, value)
        for name, value in params.items()
    ]
    return "&".join(filter(None, fields))  # nothing is sent of what is empty


def _nested(name: str, value: Any) -> str:
    try:
        return _known(name, orjson.dumps(value))
    except TypeError:  # it is no JSON
        return _fields(name, value)


@lru_cache(maxsize=256)
def _known(name: str, value: bytes) -> str:
    """Most of what is nested, as metadata is, is the same in one request after the other."""
    return _fields(name, orjson.loads(value))


def _fields(name: str, value: Any) -> str:
    fields: list[str] = []
    _add(fields, _quoted(name), value)
    return "&".join(fields)


def _add(fields: list[str], name: str, value: Any) -> None:
    """``name`` is quoted."""
    if isinstance(value, str):
        fields.append(f"{name}={_quoted(value)}")
    elif isinstance(value, dict):
        for key, one in value.items():
            if isinstance(one, str):  # nearly always
                fields.append(f"{name}[{_quoted(key)}]={_quoted(one)}")
            else:
                _add(fields, f"{name}[{_quoted(key)}]", one)
    elif isinstance(value, (list, tuple)):
        for number, one in enumerate(value):
            _add(fields, f"{name}[{number}]", one)
    elif value is not None:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        fields.append(f"{name}={_quoted(text)}")


@lru_cache(maxsize=1024)
def _quoted(text: str) -> str:
    if not _UNSAFE.search(text):
        return text
    if text.isascii():
        return "".join(map(_QUOTED.__getitem__, text))
    return quote_plus(text, safe="[]")


_UNSAFE = re.compile(r"[^A-Za-z0-9_.~\[\]-]")
_QUOTED = {chr(code): quote_plus(chr(code), safe="[]") for code in range(128)}
