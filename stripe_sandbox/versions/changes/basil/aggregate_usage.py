"""Prices lost `aggregate_usage`; meters took its place."""

from __future__ import annotations

from stripe_sandbox.versions.change import Change, OlderRequest


def _raise(request: OlderRequest) -> None:
    request.refuse("recurring", "aggregate_usage")


CHANGE = Change("2025-03-31.basil", requests={"POST /v1/prices": _raise})
