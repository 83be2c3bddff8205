"""What a breaking change of Stripe's API consists of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stripe_sandbox import errors
from stripe_sandbox.parameters.form import Form
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


Raise = Callable[[OlderRequest], None]
"""Puts the newest's parameters in place of the older ones. StripeError: they are none of its
version's."""

Lower = Callable[[Object, Objects], None]
"""Puts the fields of the version before the change in place of the newer ones. It may replace
fields of the object, which is a copy; what they hold is to stay as it is, and is still the
newest's. The second argument is the store of all objects."""


@dataclass(frozen=True)
class FormerField:
    """A field that objects of the kind had before the change. `kind` may lead to a part, such as
    `invoice.Parent`; `read` returns its value, for an object that can be expanded the id.
    `returns` is the kind of object that it holds or names; `expandable` says that it names one."""

    kind: str
    name: str
    read: Callable[[Object, Objects], Any]
    returns: str
    expandable: bool = True


@dataclass(frozen=True)
class Change:
    """A breaking change: `version` brought it, `requests` raises those of an endpoint (`POST
    /v1/prices/:price`), `fields` and `answers` lower the objects of a kind. `operations` are those
    that only the versions before have, by method and path; `sends` says whether they send an event
    of the type about the object."""

    version: str
    requests: Mapping[str, Raise] = field(default_factory=dict)
    fields: tuple[FormerField, ...] = ()
    answers: Mapping[str, Lower] = field(default_factory=dict)
    operations: frozenset[tuple[str, str]] = frozenset()
    sends: Callable[[str, Object], bool] | None = None
