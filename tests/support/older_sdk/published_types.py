"""Holds objects against the types of whatever stripe SDK is on the path, from major 8 on. `python
-m tests.support.older_sdk.published_types` answers each line, a JSON array of them, with their
faults in one.

Fields and types of events that an SDK does not know are no fault: Stripe adds them to every version
(https://docs.stripe.com/upgrades#what-changes-does-stripe-consider-to-be-backward-compatible)."""

from __future__ import annotations

import ast
import inspect
import json
import sys
import types
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from importlib import import_module
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import stripe

_UNIONS = (Union, types.UnionType)


_THIN_EVENT = "v2.core.event"
_OF_THIN_EVENTS = ("stripe.v2._event", "stripe.v2.core._event")
"""Where the classes are that those of each type of thin event extend."""


@cache
def _classes() -> dict[str, Any]:
    """The SDK's classes by `object` value."""
    module = import_module("stripe._object_classes")
    return {**getattr(module, "V2_OBJECT_CLASSES", {}), **module.OBJECT_CLASSES}


def _class_of_thin_event(name: str) -> Any:
    """The class of the type of thin event; None: this SDK has none of its own."""
    try:
        found = import_module("stripe.events._event_classes").get_v2_event_class(name)
    except (AttributeError, ModuleNotFoundError):
        return None
    return found if hasattr(found, "LOOKUP_TYPE") else None


def _class(kind: str) -> Any:
    found = _classes()[kind]
    return found if isinstance(found, type) else getattr(import_module(found[0]), found[1])


@cache
def _fields(cls: type) -> dict[str, Any]:
    module = sys.modules[cls.__module__]
    bases = [base for base in cls.__mro__ if base is cls or base.__module__ in _OF_THIN_EVENTS]
    names = dict(vars(module))
    for base in reversed(bases):
        names |= {**vars(sys.modules[base.__module__]), **vars(base)}
    for node in ast.parse(inspect.getsource(module)).body:
        for statement in node.body if isinstance(node, ast.If) else ():
            if isinstance(statement, ast.ImportFrom) and statement.module:
                source = import_module(statement.module)
                for alias in statement.names:
                    names[alias.asname or alias.name] = getattr(source, alias.name)
    written: dict[str, Any] = {}
    for base in reversed(bases):
        written |= inspect.get_annotations(base)
    own = type(cls.__name__, (), {"__annotations__": written})
    hints = get_type_hints(own, globalns=names)
    return {
        name.rstrip("_"): hint
        for name, hint in hints.items()
        if not name.startswith("_") and name != "OBJECT_NAME"
    }


def faults(value: dict[str, Any]) -> list[str]:
    """Where an object, at any depth, departs from its SDK's types."""
    return list(_object(value))


def _object(value: dict[str, Any]) -> Iterator[str]:
    kind = value.get("object")
    if kind in (None, "list", "search_result"):  # a list of /v2 says no kind
        for inner in value["data"]:
            yield from _object(inner)
    elif kind == _THIN_EVENT and (cls := _class_of_thin_event(value["type"])):
        yield from _of_class(value, cls, value["type"])
    elif not _is_deleted(value) and kind in _classes():
        yield from _of_class(value, _class(kind), kind)
        if kind == "event":
            yield from _object(value["data"]["object"])


def _is_deleted(value: dict[str, Any]) -> bool:
    """As /v1 answers it, or /v2, which says the kind and the id alone."""
    return value.get("deleted") is True or value.keys() == {"id", "object"}


def _of_class(value: Any, cls: type, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: {value!r} is no object"
        return
    for name, hint in _fields(cls).items():
        if path == "event" and name == "type":
            continue
        if name == "id" and value.get("billing_reason") == "upcoming":  # has types of its own
            continue
        if name in value:
            yield from _value(value[name], hint, f"{path}.{name}")
        elif type(None) not in get_args(hint) and hint is not Any:
            yield f"{path}.{name}: missing"


def _value(value: Any, hint: Any, path: str) -> Iterator[str]:
    origin = get_origin(hint)
    if hint is Any or hint is object:
        return
    if origin in _UNIONS:
        attempts = [list(_value(value, member, path)) for member in get_args(hint)]
        if all(attempts):
            yield from min(attempts, key=lambda one: (one[0].startswith(f"{path}: "), len(one)))
    elif origin is Literal:
        if value not in get_args(hint):
            yield f"{path}: {value!r} is no word of its version"
    elif origin is list:
        for index, inner in enumerate(value if isinstance(value, list) else [value]):
            yield from _value(inner, get_args(hint)[0], f"{path}[{index}]")
    elif origin is dict or hint is dict:
        if not isinstance(value, dict):
            yield f"{path}: {value!r} is no object"
    elif origin is not None and issubclass(origin, stripe.ListObject):
        if not isinstance(value, dict) or value.get("object") != "list":
            yield f"{path}: no list object"
            return
        for index, inner in enumerate(value["data"]):
            yield from _value(inner, get_args(hint)[0], f"{path}[{index}]")
    elif origin is not None:  # the SDK's map of anything
        return
    elif isinstance(hint, type) and issubclass(hint, stripe.StripeObject):
        yield from _of_class(value, hint, path)
    elif hint is Decimal:
        if not isinstance(value, str):
            yield f"{path}: {value!r} is no decimal"
    elif hint is float:
        if type(value) not in (int, float):
            yield f"{path}: {value!r} is no number"
    elif type(value) is not hint:
        yield f"{path}: {value!r} is no {getattr(hint, '__name__', hint)}"


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(sorted({fault for one in json.loads(line) for fault in faults(one)})))
        sys.stdout.flush()
