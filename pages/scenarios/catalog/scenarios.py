"""All scenarios, in the order of the page; the one that moves the clock comes last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pages.scenarios.catalog.by_api import BY_API
from pages.scenarios.catalog.checkout import CHECKOUT
from pages.scenarios.catalog.refunds_and_disputes import REFUND_THAT_FAILS, REFUNDS_AND_DISPUTES
from pages.scenarios.catalog.stripe_fails import STRIPE_FAILS
from pages.scenarios.catalog.subscriptions import CANCELED_NOW, MONTHS, SECOND_AVOIDED

if TYPE_CHECKING:
    from pages.scenarios.catalog.scenario import Scenario

SCENARIOS = (
    *CHECKOUT,
    *STRIPE_FAILS,
    *REFUNDS_AND_DISPUTES,
    CANCELED_NOW,
    SECOND_AVOIDED,
    *MONTHS,
    *BY_API,
    REFUND_THAT_FAILS,
)


def scenario_named(name: str) -> Scenario | None:
    """The one of that name; None where there is none."""
    return next((one for one in SCENARIOS if one.name == name), None)
