"""Holds objects against the types that the stripe SDK publishes for its API version.

`misfits(value)` lists, in words, where an object of Stripe's departs from the annotations of the
SDK's class for its `object`: a field that is missing, of a wrong type, or invented, at any depth.
A nullable field must be there, unless Stripe leaves it out until it applies; then it is never null.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from stripe._list_object import ListObject
from stripe._stripe_object import StripeObject, UntypedStripeObject
from stripe.events._event_classes import get_v2_event_class

from stripe_sandbox.schema.objects import left_out, nullable
from stripe_sandbox.schema.sdk_types import object_class, object_fields

LIST_FIELDS = {"object", "data", "has_more", "url"}
V2_LIST_FIELDS = {"data", "next_page_url", "previous_page_url"}
THIN_EVENT = "v2.core.event"
_FETCHED_ALONE = frozenset({"changes", "data", "snapshot_event"})
_LEFT_OUT_OF_NOTIFICATIONS = frozenset({"context", "reason"})


def assert_fits(*values: dict[str, Any]) -> None:
    """AssertionError: one of the objects departs from the SDK's types."""
    found = [misfit for value in values for misfit in misfits(value)]
    assert not found, "\n".join(found)


def misfits(value: dict[str, Any]) -> list[str]:
    """Where an object, a list of objects, or a deleted object departs from the SDK's types."""
    return list(_object(value, "it"))


def notification_misfits(value: dict[str, Any]) -> list[str]:
    """Where a thin event as it is delivered departs from them: what does not apply is left out."""
    fields = _thin_fields(value["type"])
    delivered = {name: hint for name, hint in fields.items() if name not in _FETCHED_ALONE}
    return list(_each_field(value, delivered, _LEFT_OUT_OF_NOTIFICATIONS, value["type"]))


def _thin_fields(name: str) -> dict[str, Any]:
    own = get_v2_event_class(name)
    return object_fields(object_class(THIN_EVENT)) | object_fields(own)


def _object(value: Any, path: str) -> Iterator[str]:
    kind = value.get("object")
    if kind is None:
        yield from _v2_list(value, path)
    elif kind == "list":
        yield from _list(value, None, path)
    elif kind == THIN_EVENT:
        yield from _each_field(value, _thin_fields(value["type"]), frozenset(), value["type"])
    elif value.get("deleted") is True and kind != "discount":
        if set(value) != {"id", "object", "deleted"}:
            yield f"{path}: a deleted object holds {sorted(value)}"
    else:
        yield from _fields(value, object_class(str(kind)), f"{kind}")
        if kind == "event":
            yield from _object(value["data"]["object"], f"{value['type']}.data.object")


def _list(value: Any, item: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict) or set(value) != LIST_FIELDS or value["object"] != "list":
        yield f"{path}: no list object"
        return
    if not isinstance(value["has_more"], bool) or not isinstance(value["url"], str):
        yield f"{path}: has_more or url is of a wrong type"
    for index, inner in enumerate(value["data"]):
        here = f"{path}.data[{index}]"
        yield from _object(inner, here) if item is None else _value(inner, item, here)


def _v2_list(value: Any, path: str) -> Iterator[str]:
    if set(value) != V2_LIST_FIELDS or not all(
        page is None or isinstance(page, str)
        for page in (value["next_page_url"], value["previous_page_url"])
    ):
        yield f"{path}: no list of /v2"
        return
    for index, inner in enumerate(value["data"]):
        yield from _object(inner, f"{path}.data[{index}]")


def _path_of(cls: type) -> str:
    outer, *inner = cls.__qualname__.split(".")
    kind = getattr(sys.modules[cls.__module__], outer).OBJECT_NAME
    return ".".join([kind, *inner])


def _fields(value: Any, cls: type, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: {value!r} is no object"
        return
    yield from _each_field(value, object_fields(cls), left_out(_path_of(cls)), path)


def _each_field(
    value: dict[str, Any], fields: dict[str, Any], absent: frozenset[str], path: str
) -> Iterator[str]:
    for name in value.keys() - fields.keys():
        yield f"{path}.{name}: invented"
    for name, hint in fields.items():
        if name in value and value[name] is None and name in absent and nullable(hint):
            yield f"{path}.{name}: null, which Stripe leaves out"
        elif name in value:
            yield from _value(value[name], hint, f"{path}.{name}")
        elif name not in absent:
            yield f"{path}.{name}: missing"


def _value(value: Any, hint: Any, path: str) -> Iterator[str]:
    origin = get_origin(hint)
    if hint is Any:
        return
    if origin in (Union, UnionType):
        yield from _union(value, get_args(hint), path)
    elif origin is Literal:
        if value not in get_args(hint):
            yield f"{path}: {value!r} is none of {get_args(hint)}"
    elif origin is list:
        if not isinstance(value, list):
            yield f"{path}: {value!r} is no list"
            return
        for index, inner in enumerate(value):
            yield from _value(inner, get_args(hint)[0], f"{path}[{index}]")
    elif origin is ListObject:
        yield from _list(value, get_args(hint)[0], path)
    elif origin is UntypedStripeObject:
        if not isinstance(value, dict):
            yield f"{path}: {value!r} is no object"
            return
        for name, inner in value.items():
            yield from _value(inner, get_args(hint)[0], f"{path}.{name}")
    elif isinstance(hint, type) and issubclass(hint, StripeObject):
        yield from _fields(value, hint, path)
    elif not _is_plain(value, hint):
        yield f"{path}: {value!r} is no {getattr(hint, '__name__', hint)}"


def _union(value: Any, members: tuple[Any, ...], path: str) -> Iterator[str]:
    if value is None:
        if type(None) not in members:
            yield f"{path}: null"
        return
    wanted = [member for member in members if member is not type(None)]
    if any(get_origin(member) is Literal for member in wanted):
        # The SDK adds `str` for words yet to come; the sandbox has no business with those.
        wanted = [member for member in wanted if member is not str]
    attempts = [list(_value(value, member, path)) for member in wanted]
    if all(attempts):
        yield from min(attempts, key=len)


def _is_plain(value: Any, hint: Any) -> bool:
    if hint is Decimal:
        # In JSON a decimal is a string, so that nothing rounds it.
        try:
            return isinstance(value, str) and Decimal(value).is_finite()
        except InvalidOperation:
            return False
    if hint is float:
        return type(value) in (int, float)
    return type(value) is hint
