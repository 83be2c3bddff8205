"""The accounts whose events an event destination gets are said with an `@`."""

from __future__ import annotations

from stripe_sandbox.parameters.param_types import OneOf
from stripe_sandbox.storage.objects import Object
from stripe_sandbox.versions.change import Change, Lookup, OlderRequest

_NAME = "events_from"
_NEWER = {"other_accounts": "@accounts", "self": "@self"}
_OLDER = {newer: older for older, newer in _NEWER.items()}
_ACCOUNTS = OneOf(tuple(_NEWER))


def _raise(request: OlderRequest) -> None:
    given = request.form.get(_NAME)
    if isinstance(given, dict):
        request.form[_NAME] = {
            place: _NEWER[_ACCOUNTS.read(one, f"{_NAME}[{place}]")] for place, one in given.items()
        }


def _lower(destination: Object, _: Lookup) -> None:
    if _NAME in destination:  # not so in that of a deleted one
        destination[_NAME] = [_OLDER.get(one, one) for one in destination[_NAME]]


CHANGE = Change(
    "2026-03-25.dahlia",
    requests={"POST /v2/core/event_destinations": _raise},
    answers={"v2.core.event_destination": _lower},
)
