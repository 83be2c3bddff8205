"""The words of a Checkout Session's `ui_mode` became others."""

from __future__ import annotations

from stripe_sandbox.parameters.param_types import OneOf
from stripe_sandbox.storage.objects import Object
from stripe_sandbox.versions.change import Change, Lookup, OlderRequest

_NAME = "ui_mode"
_NEWER = {"custom": "elements", "embedded": "embedded_page", "hosted": "hosted_page"}
_OLDER = {newer: older for older, newer in _NEWER.items()}
_MODE = OneOf(tuple(_NEWER))


def _raise(request: OlderRequest) -> None:
    if _NAME in request.form:
        older = _MODE.read(request.form[_NAME], _NAME)
        request.form[_NAME] = _NEWER[older]
        for sign in ("=", ": "):
            request.words[f"{_NAME}{sign}{_NEWER[older]}"] = f"{_NAME}{sign}{older}"


def _lower(session: Object, _: Lookup) -> None:
    session[_NAME] = _OLDER.get(session[_NAME], session[_NAME])


CHANGE = Change(
    "2026-03-25.dahlia",
    requests={"POST /v1/checkout/sessions": _raise},
    answers={"checkout.session": _lower},
)
