"""Stripe's form encoding: `a[b][0][c]=…` to nested values, and back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Union
from urllib.parse import unquote_plus, urlencode

Form = Union[str, "dict[str, Form]"]
"""A leaf, or fields by name; an array is fields named 0, 1, 2 …"""

_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)\Z")
_PART = re.compile(r"\[([^\[\]]*)\]")
MAXIMUM_FIELDS = 20_000
MAXIMUM_DEPTH = 12
_SHOWN = 100


class MalformedFormError(ValueError):
    """The text is no form, or its fields contradict each other."""


def decode(text: str) -> dict[str, Form]:
    """The nested fields of a query string or a form body.

    `x[]=1&x[]=2` becomes `{"x": {"0": "1", "1": "2"}}`, and so does `x[][a]=1&x[][b]=2` become one
    item with both fields: a new one begins where its field would be given twice, as Rack reads it.
    MalformedFormError: no UTF-8, brackets that do not match, a name that is a leaf and a branch at
    once, too much of it.
    """
    fields = text.split("&")
    if len(fields) > MAXIMUM_FIELDS:
        raise MalformedFormError("Invalid parameters: Max number of fields exceeded.")
    root: dict[str, Form] = {}
    for field in fields:
        if not field:
            continue
        given, _, value = field.partition("=")
        key, parts = _name(given)
        if not parts:
            raise _invalid_name(key)
        _place(root, parts, _decoded(value), key)
    return root


@lru_cache(maxsize=4096)
def _name(given: str) -> tuple[str, tuple[str, ...]]:
    """A field's name, and the parts of it; none where it is no name."""
    key = _decoded(given)
    match = _KEY.match(key)
    parts = (match[1], *_PART.findall(match[2])) if match else ()
    return key, parts if len(parts) <= MAXIMUM_DEPTH and "\x00" not in key else ()


def _decoded(text: str) -> str:
    if "+" not in text and "%" not in text:
        return text
    try:
        return unquote_plus(text, errors="strict")
    except UnicodeDecodeError as error:
        raise MalformedFormError("Invalid parameters: they must be UTF-8.") from error


def _place(root: dict[str, Form], parts: Sequence[str], value: str, key: str) -> None:
    branch = root
    for depth, part in enumerate(parts[:-1], start=1):
        inner = branch.setdefault(part or _item(branch, parts[depth:]), {})
        if isinstance(inner, str):
            raise _invalid_name(key)
        branch = inner
    name = parts[-1] or _next(branch)
    if isinstance(branch.get(name), dict):
        raise _invalid_name(key)
    branch[name] = value


def _item(array: dict[str, Form], rest: Sequence[str]) -> str:
    """The item of the array that `[]` means before the names in `rest`: the last one, or a new one
    when the last has that field."""
    last = next(reversed(array), None)
    return _next(array) if last is None or _holds(array[last], rest) else last


def _holds(item: Form, names: Sequence[str]) -> bool:
    for name in names:
        if name == "":
            return False
        if not isinstance(item, dict):
            return True
        if name not in item:
            return False
        item = item[name]
    return True


def _next(array: dict[str, Form]) -> str:
    number = len(array)
    while str(number) in array:
        number += 1
    return str(number)


def _invalid_name(key: str) -> MalformedFormError:
    shown = key if len(key) <= _SHOWN else key[:_SHOWN] + "..."
    return MalformedFormError(f"Invalid parameter name: {shown}")


def encode(fields: Mapping[str, Any], null: str | None = None) -> str:
    """The form body of nested fields: the inverse of `decode`, lists numbered from 0. Where a value
    is None, it is `null`, or left out."""
    return urlencode([pair for name, value in fields.items() for pair in _pairs(name, value, null)])


def _pairs(name: str, value: Any, null: str | None) -> Iterator[tuple[str, str]]:
    value = null if value is None else value
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _pairs(f"{name}[{key}]", inner, null)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _pairs(f"{name}[{index}]", inner, null)
    elif isinstance(value, bool):
        yield name, "true" if value else "false"
    elif value is not None:
        yield name, str(value)
