"""Translates between a version of Stripe's API and the newest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from stripe_sandbox.parameters.form import Form
from stripe_sandbox.schema.objects import sdk_class
from stripe_sandbox.storage.objects import Object, Objects
from stripe_sandbox.versions.change import Change, FormerField, Lower, OlderRequest, Raise
from stripe_sandbox.versions.changes import CHANGES
from stripe_sandbox.versions.releases import NEWEST, is_before

_FREE = frozenset(("metadata",))
"""Fields whose content is the merchant's own."""


class Translation:
    """One version's requests, answers and events: `changes` are those that came after it, the
    oldest first; none for the newest, of which nothing is translated."""

    def __init__(self, changes: Sequence[Change], objects: Objects) -> None:
        self._objects = objects
        self._raises: dict[str, list[Raise]] = {}
        self._lowers: dict[str, list[Lower]] = {}
        self.fields: dict[tuple[type, str], FormerField] = {}
        """The fields that only older versions have, by class of the SDK's and name."""
        self.operations = frozenset().union(*(change.operations for change in changes))
        """The operations that only older versions have, by method and path."""
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
        self._changed = re.compile(
            f'"object":"(?:{"|".join(map(re.escape, self._lowers))})"' if self._lowers else r"\Z."
        )

    def raise_request(self, endpoint: str, form: dict[str, Form]) -> OlderRequest:
        """The newest's parameters for a request to the endpoint. StripeError: the version has no
        such parameters."""
        request = OlderRequest(form)
        for step in self._raises.get(endpoint, ()):
            step(request)
        return request

    def changes_any(self, bodies: Iterable[str]) -> bool:
        """Whether `lower` changes anything in one of these objects, which are JSON."""
        return bool(self._lowers) and any(self._changed.search(body) for body in bodies)

    def lower(self, value: Object) -> Object:
        """The object, and all inside it, as the version has them; the argument stays as it is."""
        if not self._lowers:
            return value
        lowered: Object = self._lowered(value)
        return lowered

    def _lowered(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._lowered(inner) for inner in value]
        if not isinstance(value, dict):
            return value
        kind = value.get("object")
        if kind == "event":  # it has a version of its own
            return value
        lowers = self._lowers.get(kind) if isinstance(kind, str) else None
        if lowers is not None and not value.get("deleted"):
            value = dict(value)
            for lower in lowers:
                lower(value, self._objects)
        return {
            name: self._lowered(inner)
            if inner.__class__ in (dict, list) and name not in _FREE
            else inner
            for name, inner in value.items()
        }

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
            former = self.lower({**current, **data["previous_attributes"]})
            result["previous_attributes"] = {
                name: former.get(name)
                for name in {**lowered, **former}
                if former.get(name) != lowered.get(name)
            }
        return result


def _setter(former: FormerField) -> Lower:
    def lower(value: Object, objects: Objects) -> None:
        if former.name not in value:  # expansion may have put the object there
            value[former.name] = former.read(value, objects)

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
