"""`billing_cycle_anchor` of an update became an object."""

from __future__ import annotations

from stripe_sandbox.parameters.param_types import OneOf
from stripe_sandbox.versions.change import Change, OlderRequest

_NAME = "billing_cycle_anchor"
_ANCHOR = OneOf(("now", "unchanged"))


def _raise(request: OlderRequest) -> None:
    if _NAME in request.form:
        request.form[_NAME] = {"type": _ANCHOR.read(request.form[_NAME], _NAME)}
        request.words[f"{_NAME}[type]"] = _NAME


CHANGE = Change(
    "2026-09-30.endive",
    requests={
        "POST /v1/subscriptions/:subscription": _raise,
        "POST /v1/subscriptions/:subscription/resume": _raise,
    },
)
