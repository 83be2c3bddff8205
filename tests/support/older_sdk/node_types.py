"""What the types of a stripe SDK for node say: what of Stripe's objects is left out until it
applies, and where objects depart from them.

`python -m tests.support.older_sdk.node_types` writes `stripe_sandbox/schema/left_out.json` anew."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_args
from zlib import crc32

from stripe._object_classes import OBJECT_CLASSES
from stripe._stripe_object import StripeObject

from stripe_sandbox.schema.objects import EXPANDED
from stripe_sandbox.schema.sdk_types import StripeClass, object_class, object_fields
from tests.support.older_sdk.installed import NODE, node_sdk, typescript

Type = Any
"""As `types.cjs` prints them."""

LEFT_OUT = Path(__file__).parents[3] / "stripe_sandbox" / "schema" / "left_out.json"
_READER = Path(__file__).with_name("types.cjs")
_THIN_EVENT = "v2.core.event"
_LIST_FIELDS = {"data", "next_page_url", "previous_page_url"}
_WORDS = {"string": str, "boolean": bool}


@dataclass(frozen=True)
class NodeTypes:
    """Interface by `object` value, of thin events by type, fetched and delivered, and each
    interface's fields: type, and whether it may be missing."""

    objects: dict[str, str]
    events: dict[str, str]
    notifications: dict[str, str]
    interfaces: dict[str, dict[str, tuple[Type, bool]]]


@cache
def node_types(release: str) -> NodeTypes:
    """The types of that release; node reads them once."""
    sdk = node_sdk(release)
    found = sdk / f"types-{crc32(_READER.read_bytes()):x}.json"
    if not found.exists():
        command = ("node", str(_READER), str(typescript()), str(sdk))
        done = subprocess.run(command, capture_output=True, check=True, timeout=120)
        found.write_bytes(done.stdout)
    return NodeTypes(**json.loads(found.read_bytes()))


def faults(value: dict[str, Any], types: NodeTypes) -> list[str]:
    """Where an object, at any depth, departs from the types. Fields and types of events that they
    do not know are none: Stripe adds such to every version."""
    return list(_object(value, types))


def notification_faults(value: dict[str, Any], types: NodeTypes) -> list[str]:
    """Where a thin event as it was delivered departs from the types, if they have its type."""
    name = types.notifications.get(value["type"])
    return list(_interface(value, name, types, f"notification {value['type']}")) if name else []


def _object(value: dict[str, Any], types: NodeTypes) -> Iterator[str]:
    kind = value.get("object")
    if kind is None:
        yield from list_faults(value)
    if kind in (None, "list", "search_result"):
        for inner in value["data"]:
            yield from _object(inner, types)
    elif kind == _THIN_EVENT and value["type"] in types.events:
        yield from _interface(value, types.events[value["type"]], types, value["type"])
    elif not _is_deleted(value) and kind in types.objects:
        yield from _interface(value, types.objects[kind], types, kind)
        if kind == "event":
            yield from _object(value["data"]["object"], types)


def _is_deleted(value: dict[str, Any]) -> bool:
    """As /v1 answers it, or /v2, which says the kind and the id alone."""
    return value.get("deleted") is True or value.keys() == {"id", "object"}


def list_faults(value: dict[str, Any]) -> list[str]:
    """Where a list of /v2 departs from the form that every SDK has of it."""
    pages = [value.get(f"{side}_page_url", 0) for side in ("next", "previous")]
    are_urls = all(page is None or type(page) is str for page in pages)
    is_list = value.keys() == _LIST_FIELDS and are_urls
    return [] if is_list else [f"list: {sorted(value)} are not those of a list of /v2"]


def _interface(value: Any, name: str, types: NodeTypes, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: {value!r} is no object"
        return
    for field, (held, optional) in types.interfaces[name].items():
        if path == "event" and field == "type":
            continue
        if value.get(field) is None and optional and _is_of_v2(path):
            continue  # Stripe documents these as nullable, and sends null
        if field in value:
            yield from _value(value[field], held, types, f"{path}.{field}")
        elif not optional and not _may_be_missing(value, field, path):
            yield f"{path}.{field}: missing"


def _is_of_v2(path: str) -> bool:
    return path.startswith(("v1.", "v2."))


def _may_be_missing(value: dict[str, Any], field: str, path: str) -> bool:
    """A field that is only expanded, or the id of an upcoming invoice: it has types of its own."""
    if field == "id":
        return value.get("billing_reason") == "upcoming"
    return field in EXPANDED.get(value.get("object", path), ())


def _value(value: Any, held: Type, types: NodeTypes, path: str) -> Iterator[str]:
    if held == "any":
        return
    if isinstance(held, str):
        yield from () if _is_plain(value, held) else [f"{path}: {value!r} is no {held}"]
    elif "any" in held:
        attempts = [list(_value(value, one, types, path)) for one in held["any"]]
        if all(attempts):
            yield from min(attempts, key=lambda one: (one[0].startswith(f"{path}: "), len(one)))
    elif "is" in held:
        yield from () if value == held["is"] else [f"{path}: {value!r} is not {held['is']!r}"]
    elif "ref" in held:
        yield from _interface(value, held["ref"], types, path)
    elif "map" in held:
        for key, inner in value.items() if isinstance(value, dict) else [("", value)]:
            yield from _value(inner, held["map"], types, f"{path}.{key}")
    else:
        yield from _items(value, held, types, path)


def _items(value: Any, held: Type, types: NodeTypes, path: str) -> Iterator[str]:
    if "list" in held:
        value = value.get("data") if isinstance(value, dict) else None
    if not isinstance(value, list):
        yield f"{path}: no list"
        return
    for inner in value:
        yield from _value(inner, held.get("list") or held["of"], types, f"{path}[]")


def _is_plain(value: Any, word: str) -> bool:
    if word == "null":
        return value is None
    if word == "number":
        return type(value) in (int, float)
    return type(value) is _WORDS.get(word)


def left_out(types: NodeTypes) -> dict[str, list[str]]:
    """By the paths of the SDK's classes for Python (`charge.PaymentMethodDetails.Card`): the fields
    that may be missing and are never null."""
    found: dict[str, list[str]] = {}
    for kind in OBJECT_CLASSES:
        if kind in types.objects:
            _read(kind, object_class(kind), types.objects[kind], types, found)
    return dict(sorted((path, names) for path, names in found.items() if names))


def _read(
    path: str, cls: StripeClass, name: str, types: NodeTypes, found: dict[str, list[str]]
) -> None:
    if path in found:
        return
    fields = types.interfaces[name]
    found[path] = sorted(
        field for field, (held, optional) in fields.items() if optional and not _takes_null(held)
    )
    for field, hint in object_fields(cls).items():
        for part in _parts_of(hint, cls):
            own = part.__name__
            refs = list(_refs(fields[field][0])) if field in fields else []
            same = [ref for ref in refs if ref.rpartition(".")[2] == own]
            if refs:
                _read(f"{path}.{own}", part, (same or refs)[0], types, found)


def _takes_null(held: Type) -> bool:
    return held == "null" or (isinstance(held, dict) and any(map(_takes_null, held.get("any", ()))))


def _refs(held: Type) -> Iterator[str]:
    if isinstance(held, dict):
        if "ref" in held:
            yield held["ref"]
        for inner in (
            *held.get("any", ()),
            *(held[name] for name in ("of", "list", "map") if name in held),
        ):
            yield from _refs(inner)


def _parts_of(hint: Any, cls: StripeClass) -> Iterator[StripeClass]:
    """The classes that the annotation names and that are nested in the class."""
    within = f"{cls.__qualname__}."
    if isinstance(hint, type) and issubclass(hint, StripeObject):
        yield from [hint] if hint.__qualname__.startswith(within) else []
    for inner in get_args(hint):
        yield from _parts_of(inner, cls)


def left_out_text() -> str:
    """What `left_out.json` is to hold: the newest SDK's."""
    found = left_out(node_types(NODE[max(NODE)]))
    lines = ",\n".join(f"{json.dumps(path)}: {json.dumps(names)}" for path, names in found.items())
    return f"{{\n{lines}\n}}\n"


if __name__ == "__main__":
    LEFT_OUT.write_text(left_out_text())
