"""What a run of a scenario makes for its sale, and how that is closed at its end."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from billing.domain.sessions.source import Source
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
    if controls is None:
        api = AccountApi(billing, run)
        return RunContext(billing, None, api, run, scenario.quantity, NO_FAULTS)
    state = controls.state()
    return RunContext(
        billing,
        controls,
        controls.stripe,
        run,
        scenario.quantity,
        state.faults,
        state.ahead_seconds,
    )


def create_session(scenario: Scenario, context: RunContext) -> str:
    """Make the Checkout Session, and before it the Customer in the time of a test clock where the
    scenario needs one; the amount. Raises ``BillingError``."""
    run, checkout = context.run, context.billing.services.checkout
    if scenario.needs_test_clock and not run.customer:
        make_customer(scenario, context)
    buyer = {"customer": run.customer} if run.customer else {"email": run.email}
    session = context.billing.call(
        lambda: checkout.create(
            scenario.kind,
            scenario.quantity,
            made_by="test kit",
            source=Source.TEST_KIT,
            label=scenario.title,
            idempotency_key=f"{run.id}-session",
            **buyer,
        )
    )
    run.session_id, run.checkout_url = session.id, session.url or ""
    return session.amount


def make_customer(scenario: Scenario, context: RunContext) -> None:
    """A Customer in the time of a test clock of its own.

    https://docs.stripe.com/billing/testing/test-clocks
    """
    run = context.run
    at = context.controls.state().now if context.controls else time.time()
    at = context.once(lambda: int(at))
    clock = {"frozen_time": at, "name": scenario.title}
    run.test_clock = context.stripe.post("test_helpers/test_clocks", clock)["id"]
    context.save()
    customer = {"email": run.email, "name": "Test Customer", "test_clock": run.test_clock}
    run.customer = context.stripe.post("customers", customer)["id"]
    context.save()


def clean_up(context: RunContext) -> tuple[str, ...]:
    """End the faults of the run and expire a session that nobody has paid: it is no purchase to
    wait for. At Stripe, which has no reset, also cancel a subscription and delete the test clock.
    What is left, a sentence each."""
    left = []
    try:
        context.end_faults()
        if context.run.session_id:
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
    sessions, run = context.billing.services.sessions, context.run
    session = context.stripe_session()
    if session["status"] == "open":
        context.billing.call(lambda: sessions.expire(run.session_id))
    if context.controls:
        return []
    name = session["subscription"]
    if name and context.subscription()["status"] not in ENDED and not run.test_clock:
        context.stripe.delete(f"subscriptions/{name}")
    if session["payment_status"] == "unpaid" or run.test_clock:
        return []
    customer = f" and the Customer {session['customer']}" if session["customer"] else ""
    return [f"The payment{customer}: Stripe deletes no payments."]
