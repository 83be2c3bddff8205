"""Faults of Stripe's API, as a scenario sets them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pages.scenarios.faults import ApiFaults
from pages.scenarios.steps.step import Step

if TYPE_CHECKING:
    from pages.scenarios.context import RunContext


def set_api_fault(status: int) -> Step:
    """Every request to Stripe is answered with ``status`` from here on."""

    def act(context: RunContext) -> str:
        context.set_faults(replace(context.faults, api=ApiFaults(status=status)))
        return "on"

    label = f"Stripe answers every request with {status}"
    return Step(label, act, only_in_sandbox="Stripe's API does not fail on demand.")


def end_api_fault(label: str) -> Step:
    """The fault of the API that a step has set ends."""

    def act(context: RunContext) -> str:
        context.set_faults(context.faults)
        return "off"

    return Step(label, act)
