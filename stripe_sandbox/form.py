"""Stripe's form encoding: `a[b][0][c]=…` to nested values, and back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Union
from urllib.parse import parse_qsl, urlencode

Form = Union[str, "dict[str, Form]"]
"""A leaf, or fields by name; an array is fields named 0, 1, 2 …"""

_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)\Z")
_PART = re.compile(r"\[([^\[\]]*)\]")
MAXIMUM_FIELDS = 20_000
MAXIMUM_DEPTH = 12


class MalformedFormError(ValueError):
    """The text is no form, or contradicts itself."""


def decode(text: str) -> dict[str, Form]:
    """The nested fields of a query string or a form body.

    `x[]=1&x[]=2` becomes `{"x": {"0": "1", "1": "2"}}`. MalformedFormError: brackets that do not
    match, a name that is a leaf and a branch at once, too much of it.
    """
    try:
        pairs = parse_qsl(
            text, keep_blank_values=True, max_num_fields=MAXIMUM_FIELDS, errors="strict"
        )
    except ValueError as error:
        raise MalformedFormError(str(error)) from error
    root: dict[str, Form] = {}
    for key, value in pairs:
        match = _KEY.match(key)
        if match is None:
            raise MalformedFormError(f"Invalid parameter name: {key}")
        parts = [match[1], *_PART.findall(match[2])]
        if len(parts) > MAXIMUM_DEPTH:
            raise MalformedFormError(f"Invalid parameter name: {key}")
        _place(root, parts, value, key)
    return root


def _place(root: dict[str, Form], parts: list[str], value: str, key: str) -> None:
    branch = root
    for part in parts[:-1]:
        inner = branch.setdefault(part or str(len(branch)), {})
        if isinstance(inner, str):
            raise MalformedFormError(f"Invalid parameter name: {key}")
        branch = inner
    name = parts[-1] or str(len(branch))
    if isinstance(branch.get(name), dict):
        raise MalformedFormError(f"Invalid parameter name: {key}")
    branch[name] = value


def encode(fields: Mapping[str, Any]) -> str:
    """The form body of nested fields: the inverse of `decode`, lists numbered from 0."""
    return urlencode([pair for name, value in fields.items() for pair in _pairs(name, value)])


def _pairs(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _pairs(f"{name}[{key}]", inner)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _pairs(f"{name}[{index}]", inner)
    elif isinstance(value, bool):
        yield name, "true" if value else "false"
    elif value is not None:
        yield name, str(value)
