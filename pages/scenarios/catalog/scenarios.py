"""All scenarios, in the order of the page; those that move the clock come last."""

from __future__ import annotations

from pages.scenarios.catalog.checkout import CHECKOUT
from pages.scenarios.catalog.refunds_and_disputes import REFUND_THAT_FAILS, REFUNDS_AND_DISPUTES
from pages.scenarios.catalog.stripe_fails import STRIPE_FAILS
from pages.scenarios.catalog.subscriptions import CANCELED_NOW, MONTHS, SECOND_AVOIDED

SCENARIOS = (
    *CHECKOUT,
    *STRIPE_FAILS,
    *REFUNDS_AND_DISPUTES,
    CANCELED_NOW,
    SECOND_AVOIDED,
    REFUND_THAT_FAILS,
    *MONTHS,
)
