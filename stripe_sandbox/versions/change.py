"""What a breaking change of Stripe's API consists of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stripe_sandbox import errors
from stripe_sandbox.parameters.form import Form
from stripe_sandbox.schema.sdk_operations import Operation
from stripe_sandbox.storage.objects import Object, Objects


class OlderRequest:
    """The parameters of a request of an older version while they are raised."""

    def __init__(self, form: dict[str, Form]) -> None:
        self.form = form
        self.words: dict[str, str] = {}
        """What errors are to say as the request does: the newest's word, the request's."""

    def rename(self, old: str, new: str) -> None:
        """Call the parameter `old`, where it is given, `new`."""
        if old in self.form:
            self.form[new] = self.form.pop(old)
            self.words[new] = old

    def refuse(self, *path: str) -> None:
        """StripeError, by its name, for a parameter that only the version has and the sandbox does
        not simulate. `*` in the path stands for each item of a list."""
        _refuse(self.form, path, "")


def _refuse(value: Form, path: tuple[str, ...], shown: str) -> None:
    if not isinstance(value, dict):
        return
    name, *rest = path
    for key in value if name == "*" else [name]:
        here = f"{shown}[{key}]" if shown else key
        if key not in value:
            continue
        if not rest:
            raise errors.not_simulated(here)
        _refuse(value[key], tuple(rest), here)


def id_of(held: str | Object) -> str:
    """The id in a field that may be expanded."""
    found: str = held if isinstance(held, str) else held["id"]
    return found


class Lookup:
    """Finds other objects, as they are now, each once."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._found: dict[tuple[str, ...], Object | None] = {}

    @property
    def used(self) -> bool:
        """Whether it was asked for any."""
        return bool(self._found)

    def get(self, kind: str, identifier: str) -> Object | None:
        """The object, or None."""
        if (kind, identifier) not in self._found:
            self._found[kind, identifier] = self._objects.get(kind, identifier)
        return self._found[kind, identifier]

    def hidden(self, kind: str, identifier: str) -> Object:
        """What is stored of the object and is shown in no answer of the newest version."""
        self._found["hidden", kind, identifier] = None
        return self._objects.hidden(kind, identifier)

    def first(self, kind: str, column: str, value: str) -> Object | None:
        """The first object whose column has the value, or None."""
        if (kind, column, value) not in self._found:
            self._found[kind, column, value] = self._objects.first(kind, column, value)
        return self._found[kind, column, value]


Raise = Callable[[OlderRequest], None]
"""Puts the newest's parameters in place of the older ones. StripeError: they are none of its
version's."""

Lower = Callable[[Object, Lookup], None]
"""Puts the fields of the version before the change in place of the newer ones. It may replace
fields of the object, which is a copy; what they hold is to stay as it is, and is still the
newest's."""


@dataclass(frozen=True)
class FormerField:
    """A field that objects of the kind had before the change. `kind` may lead to a part, such as
    `invoice.Parent`; `read` returns its value, for an object that can be expanded the id.
    `returns` is the kind of object that it holds or names; `expandable` says that it names one."""

    kind: str
    name: str
    read: Callable[[Object, Lookup], Any]
    returns: str
    expandable: bool = True


@dataclass(frozen=True)
class Change:
    """A breaking change: `version` brought it, `requests` raises those of an endpoint (`POST
    /v1/prices/:price`), `fields` and `answers` lower the objects of a kind. `operations` are those
    that only the versions before have; `sends` says whether they send an event
    of the type about the object."""

    version: str
    requests: Mapping[str, Raise] = field(default_factory=dict)
    fields: tuple[FormerField, ...] = ()
    answers: Mapping[str, Lower] = field(default_factory=dict)
    operations: tuple[Operation, ...] = ()
    sends: Callable[[str, Object], bool] | None = None
