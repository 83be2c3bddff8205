"""`billing_cycle_anchor` of an update became an object."""

from __future__ import annotations

from stripe_sandbox.parameters.param_types import OneOf
from stripe_sandbox.versions.change import Change, OlderRequest

_NAME, _DETAILS = "billing_cycle_anchor", "subscription_details"
_ANCHOR = OneOf(("now", "unchanged"))


def _raise(request: OlderRequest) -> None:
    if _NAME in request.form:
        request.form[_NAME] = {"type": _ANCHOR.read(request.form[_NAME], _NAME)}
        request.words[f"{_NAME}[type]"] = _NAME


def _raise_preview(request: OlderRequest) -> None:
    details = request.form.get(_DETAILS)
    if isinstance(details, dict) and _NAME in details:
        given = details[_NAME]
        if isinstance(given, str) and given.isdigit():
            details[_NAME] = {"type": "timestamp", "timestamp": given}
        else:
            here = f"{_DETAILS}[{_NAME}]"
            details[_NAME] = {"type": _ANCHOR.read(given, here)}
            request.words[f"{here}[type]"] = here


CHANGE = Change(
    "2026-09-30.endive",
    requests={
        "GET /v1/invoices/upcoming": _raise_preview,
        "GET /v1/invoices/upcoming/lines": _raise_preview,
        "POST /v1/invoices/create_preview": _raise_preview,
        "POST /v1/subscriptions/:subscription": _raise,
        "POST /v1/subscriptions/:subscription/resume": _raise,
    },
)
