"""Translates between a version of Stripe's API and the newest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stripe_sandbox.parameters.form import Form
from stripe_sandbox.schema.objects import former_values, restored, sdk_class
from stripe_sandbox.schema.sdk_operations import Operation
from stripe_sandbox.schema.sdk_types import object_class
from stripe_sandbox.storage.json_text import dump, load
from stripe_sandbox.storage.objects import Object, Objects
from stripe_sandbox.versions.change import (
    Change,
    FormerField,
    Lookup,
    Lower,
    OlderRequest,
    Raise,
)
from stripe_sandbox.versions.changes import CHANGES
from stripe_sandbox.versions.nesting import Nesting
from stripe_sandbox.versions.releases import NEWEST, is_before

MAXIMUM_SAVED = 2_000
"""How many objects of lists are remembered as a version has them."""


_State = tuple[int, int] | None


class Translation:
    """One version's requests, answers and events: `changes` are those that came after it, the
    oldest first; none for the newest, of which nothing is translated."""

    def __init__(self, changes: Sequence[Change], objects: Objects) -> None:
        self._objects = objects
        self._raises: dict[str, list[Raise]] = {}
        self._lowers: dict[str, list[Lower]] = {}
        self.fields: dict[tuple[type, str], FormerField] = {}
        """The fields that only older versions have, by class of the SDK's and name."""
        self._operations = [one for change in changes for one in change.operations]
        self._sends = [change.sends for change in changes if change.sends is not None]
        for change in changes:
            for endpoint, step in change.requests.items():
                self._raises.setdefault(endpoint, []).append(step)
        for change in reversed(changes):
            for former in change.fields:
                self.fields[sdk_class(former.kind), former.name] = former
                self._lowers.setdefault(former.kind, []).append(_setter(former))
            for kind, lower in change.answers.items():
                self._lowers.setdefault(kind, []).append(lower)
        self._nesting = Nesting(frozenset(self._lowers), self.fields)
        self._saved: dict[str, tuple[str, _State]] = {}

    def former_operation(self, method: str, path: str) -> Operation | None:
        """The operation that a request calls if only older versions have it."""
        if not self._operations:
            return None
        parts = tuple(path.split("/")[1:])
        found = (one for one in self._operations if one.method == method and one.is_at(parts))
        return next(found, None)

    def raise_request(self, endpoint: str, form: dict[str, Form]) -> OlderRequest:
        """The newest's parameters for a request to the endpoint. StripeError: the version has no
        such parameters."""
        request = OlderRequest(form)
        for step in self._raises.get(endpoint, ()):
            step(request)
        return request

    def lower(self, value: Object) -> Object:
        """The object, or list of objects, and all inside it, as the version has them; the argument
        stays as it is. Events stay too: they have a version of their own."""
        return self._lowered(value, Lookup(self._objects)) if self._lowers else value

    def lower_bodies(self, kind: str, bodies: list[str]) -> list[str]:
        """Objects of the kind as JSON, with nothing expanded in them, as the version has them."""
        if not self._lowers or not self._nesting.changes(kind):
            return bodies
        return [self._lowered_body(body) for body in bodies]

    def _lowered_body(self, body: str) -> str:
        """The object as the version has it, remembered for as long as it holds: always, or, where
        it shows something of other objects, until the next write."""
        saved = self._saved.get(body)
        if saved is not None and saved[1] is None:
            return saved[0]
        state = self._objects.database.state()
        if saved is not None and saved[1] == state:
            return saved[0]
        lookup = Lookup(self._objects)
        lowered = dump(self._lowered(load(body), lookup))
        if len(self._saved) >= MAXIMUM_SAVED:
            self._saved.clear()
        self._saved[body] = lowered, state if lookup.used else None
        return lowered

    def _lowered(self, value: Object, lookup: Lookup) -> Object:
        kind: str | None = value.get("object")  # a list of /v2 has none
        if kind in (None, "list", "search_result"):
            return {**value, "data": [self._lowered(inner, lookup) for inner in value["data"]]}
        if kind == "event" or (value.get("deleted") and kind != "discount"):
            return value
        value = dict(value)
        for lower in self._lowers.get(kind, ()):
            lower(value, lookup)
        return self._inside(value, object_class(kind), lookup)

    def _inside(self, value: Object, cls: type, lookup: Lookup) -> Object:
        """A copy of the object, or of a part of one, with all in it lowered."""
        for name, target in self._nesting.fields(cls):
            held = value.get(name)
            if held.__class__ is dict or held.__class__ is list:
                value[name] = self._part(held, target, lookup)
        return value

    def _part(self, held: Any, target: type, lookup: Lookup) -> Any:
        if isinstance(held, list):
            return [self._part(inner, target, lookup) for inner in held]
        if not isinstance(held, dict):
            return held
        if "object" in held:
            return self._lowered(held, lookup)
        return self._inside(dict(held), target, lookup)

    def sends(self, name: str, subject: Object) -> bool:
        """Whether endpoints of this version get an event of the type about the object."""
        return all(sends(name, subject) for sends in self._sends)

    def lower_event(self, data: Object) -> Object:
        """An event's `data`, as the version has it."""
        if not self._lowers:
            return data
        current: Object = data["object"]
        lowered = self.lower(current)
        result: Object = {"object": lowered}
        if "previous_attributes" in data:
            former = self.lower(restored(current, data["previous_attributes"]))
            result["previous_attributes"] = former_values(former, lowered)
        return result


def _setter(former: FormerField) -> Lower:
    def lower(value: Object, lookup: Lookup) -> None:
        if former.name not in value:  # expansion may have put the object there
            value[former.name] = former.read(value, lookup)

    return lower


class Translations:
    """The translation of each version; `default` is the account's version, which counts for
    requests and endpoints that name none."""

    def __init__(self, objects: Objects, default: str = NEWEST) -> None:
        self._objects = objects
        self.default = default
        self._by_version: dict[str, Translation] = {}

    def of(self, version: str) -> Translation:
        """The translation of one of the releases."""
        found = self._by_version.get(version)
        if found is None:
            later = [change for change in CHANGES if is_before(version, change.version)]
            found = self._by_version[version] = Translation(later, self._objects)
        return found

    def event(self, event: Object, version: str | None = None) -> Object:
        """An event as it is in the version; None: in that of its own `api_version`."""
        version = version or event["api_version"]
        if version == NEWEST:
            return {**event, "api_version": version}
        data = self.of(version).lower_event(event["data"])
        return {**event, "api_version": version, "data": data}
