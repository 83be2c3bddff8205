"""What a run of a scenario makes for its sale, and how that is closed at its end."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from billing.errors import BillingError
from pages.scenarios.context import RunContext
from pages.scenarios.faults import NO_FAULTS
from pages.scenarios.stripe_api import AccountApi

if TYPE_CHECKING:
    from pages.scenarios.catalog.scenario import Scenario
    from pages.scenarios.runs.run import ScenarioRun
    from pages.scenarios.sandbox_client import Controls
    from pages.services import PageServices

log = logging.getLogger(__name__)

ENDED = ("canceled", "incomplete_expired")


def open_context(
    scenario: Scenario, billing: PageServices, controls: Controls | None, run: ScenarioRun
) -> RunContext:
    """The context of a run, as it begins or goes on. Raises ``BillingError``."""
    api = AccountApi(billing, run)
    if controls is None:
        return RunContext(billing, None, api, run, scenario, NO_FAULTS)
    state = controls.state()
    return RunContext(billing, controls, api, run, scenario, state.faults, state.ahead_seconds)


def clean_up(context: RunContext) -> tuple[str, ...]:
    """End the faults of the run and expire a session that nobody has paid: it is no purchase to
    wait for. At Stripe, which has no reset, also cancel a subscription and delete the test clock.
    What is left, a sentence each."""
    left = []
    try:
        context.end_faults()
        left += _close_sale(context)
    except BillingError as failure:  # the page shows the faults that are still on
        log.warning("A scenario left faults or an open session behind: %s", failure)
        left.append(f"Not everything could be closed: {failure}")
    try:
        if context.run.test_clock and not context.controls:
            context.stripe.delete(f"test_helpers/test_clocks/{context.run.test_clock}")
    except BillingError as failure:
        left.append(f"The test clock {context.run.test_clock}: {failure}")
    return tuple(left)


def _close_sale(context: RunContext) -> list[str]:
    run = context.run
    if run.session_id:
        sessions = context.billing.services.sessions
        if context.stripe_session()["status"] == "open":
            context.billing.call(lambda: sessions.expire(run.session_id))
    if context.controls or run.test_clock:  # what lives in its time is deleted with it
        return []
    if context.subscription_id() and context.subscription()["status"] not in ENDED:
        context.stripe.delete(f"subscriptions/{context.subscription_id()}")
    is_paid = bool(context.payment_intent_id() and context.paid_charge())
    if run.customer:
        context.stripe.delete(f"customers/{run.customer}")
    if not is_paid:
        return []
    customer = context.stripe_session()["customer"] if run.session_id else None
    also = f" and the Customer {customer}" if customer else ""
    return [f"The payment{also}: Stripe deletes no payments."]
