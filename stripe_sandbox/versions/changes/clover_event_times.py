"""The times by which the events of /v2 are listed stand in `created`."""

from __future__ import annotations

from stripe_sandbox.versions.change import Change, OlderRequest

_NAMES = ("gt", "gte", "lt", "lte")


def _raise(request: OlderRequest) -> None:
    given = {name: request.form.pop(name) for name in _NAMES if name in request.form}
    if given:
        request.form["created"] = given


CHANGE = Change("2025-11-17.clover", requests={"GET /v2/core/events": _raise})
