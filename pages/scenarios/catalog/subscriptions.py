"""The life of a subscription to the Pro plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.domain.ledger.line import Cause
from billing.domain.sessions.checkout_session import Kind
from pages.scenarios.catalog.scenario import COMPLETED, VISA, Scenario
from pages.scenarios.steps.checkout import create_session, pay
from pages.scenarios.steps.events import expect_event
from pages.scenarios.steps.subscriptions import (
    buy_again,
    cancel_at_period_end,
    cancel_in_portal,
    cancel_now,
    pass_period_end,
    pass_retries,
    pay_with_new_card,
    replace_card,
)
from pages.scenarios.verdict import Expected

if TYPE_CHECKING:
    from pages.scenarios.steps.step import Step

FAILS_AT_RENEWAL = "pm_card_chargeCustomerFail"

CHANGED = "customer.subscription.updated"
CANCELED = "customer.subscription.deleted"
PAID = "invoice.paid"
FAILED = "invoice.payment_failed"


def _scenario(
    name: str,
    title: str,
    about: str,
    *steps: Step,
    pro: bool,
    causes: tuple[Cause, ...],
) -> Scenario:
    """Pro is bought; ``causes`` are those of what follows."""
    return Scenario(
        name,
        title,
        about,
        (create_session(Kind.PRO), pay(VISA), expect_event(COMPLETED), *steps),
        Expected(int(pro), (Cause.PURCHASE, *causes)),
    )


CANCELED_NOW = _scenario(
    "cancel-now",
    "Canceled now",
    "The subscription is canceled at once, and Pro ends with it.",
    cancel_now(),
    expect_event(CANCELED),
    pro=False,
    causes=(Cause.CANCELED,),
)
SECOND_AVOIDED = _scenario(
    "second-avoided",
    "Second subscription avoided",
    "Who has Pro is refused a second Checkout, and keeps the first subscription.",
    buy_again(),
    pro=True,
    causes=(),
)
MONTHS = (
    _scenario(
        "first-renewal",
        "First renewal",
        "The second month is paid: Pro goes on until its end.",
        pass_period_end(),
        expect_event(PAID),
        pro=True,
        causes=(Cause.RENEWAL,),
    ),
    _scenario(
        "cancel-undone",
        "Cancellation undone",
        "Canceled for the end of the month, then kept: Pro goes on.",
        cancel_at_period_end(canceled=True),
        expect_event(CHANGED),
        cancel_at_period_end(canceled=False),
        expect_event(CHANGED),
        pass_period_end(),
        expect_event(PAID),
        pro=True,
        causes=(Cause.RENEWAL,),
    ),
    _scenario(
        "portal-cancel",
        "Canceled in the portal",
        "The customer cancels in the portal: Pro lasts to the end of the month.",
        cancel_in_portal(),
        expect_event(CHANGED),
        pass_period_end(),
        expect_event(CANCELED),
        pro=False,
        causes=(Cause.CANCELED,),
    ),
    _scenario(
        "renewal-saved",
        "Failed renewal saved",
        "A renewal fails, Pro goes on in grace, and a new card pays.",
        replace_card(FAILS_AT_RENEWAL),
        pass_period_end(),
        expect_event(FAILED),
        pay_with_new_card(),
        expect_event(PAID),
        pro=True,
        causes=(Cause.RENEWAL,),
    ),
    _scenario(
        "failed-until-canceled",
        "Failed until canceled",
        "Every attempt to collect a renewal fails; Stripe cancels, and Pro ends.",
        replace_card(FAILS_AT_RENEWAL),
        pass_period_end(),
        expect_event(FAILED),
        pass_retries(),
        expect_event(CANCELED),
        pro=False,
        causes=(Cause.RENEWAL, Cause.CANCELED),
    ),
)
