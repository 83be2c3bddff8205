"""The Customer of a sale."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pages.scenarios.context import RunContext


def make_customer(context: RunContext) -> None:
    """A Customer, in the time of a test clock of their own where the scenario needs one.

    https://docs.stripe.com/billing/testing/test-clocks
    """
    run, title = context.run, context.scenario.title
    customer = {"email": run.email, "name": "Test Customer"}
    if context.scenario.needs_test_clock:
        at = context.controls.state().now if context.controls else time.time()
        at = context.once(lambda: int(at))
        clock = {"frozen_time": at, "name": title}
        run.test_clock = context.stripe.post("test_helpers/test_clocks", clock)["id"]
        context.save()
        customer["test_clock"] = run.test_clock
    run.customer = context.stripe.post("customers", customer)["id"]
    context.save()


def replace_card(context: RunContext, card: str) -> None:
    """Attach a test card, which pays the Customer's invoices from now on."""
    path = f"payment_methods/{card}/attach"
    attached = context.stripe.post(path, {"customer": context.run.customer})
    default = {"invoice_settings[default_payment_method]": attached["id"]}
    context.stripe.post(f"customers/{context.run.customer}", default)
