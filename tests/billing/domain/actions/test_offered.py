"""Which action stands first, by the state of a sale, and which are left to the menu."""

from __future__ import annotations

import pytest

from billing.domain.actions.offered import (
    Action,
    Offered,
    SaleAction,
    SandboxAction,
    offered,
)
from billing.domain.actions.payment import PaymentState
from billing.domain.actions.sale import Sale
from billing.domain.actions.subscription import SubscriptionAction
from billing.domain.ledger.pro import Invoice, ProState, Subscription
from billing.domain.ledger.refunds import Dispute, Refund

PAYMENT = PaymentState("pi_1", 990, "usd", bought=10)
REFUNDED = PaymentState(
    "pi_1", 990, "usd", bought=10, refunds=(Refund("re_1", 990, "succeeded", 1),)
)
DISPUTED = PaymentState(
    "pi_1", 990, "usd", bought=10, disputes=(Dispute("du_1", 990, "needs_response", 1, "pi_1"),)
)
UNPAID = Invoice("in_2", "open", 2_000, 3_000, frozenset())


def pro(status: str = "active", cancel_at: int | None = None, *, paused: bool = False) -> ProState:
    subscription = Subscription("sub_1", status, 1, "cus_1", 1, 2_000, cancel_at, paused, "in_1")
    return ProState(subscription, (UNPAID,) if status == "past_due" else ())


@pytest.mark.parametrize(
    ("sale", "in_sandbox", "primary"),
    [
        (Sale(), True, None),
        (Sale(PAYMENT), True, SaleAction.REFUND),
        (Sale(REFUNDED), True, None),
        (Sale(DISPUTED), True, SandboxAction.DECIDE_DISPUTE),
        (Sale(DISPUTED), False, None),
        (Sale(PAYMENT, pro()), True, SubscriptionAction.CANCEL_AT_PERIOD_END),
        (Sale(PAYMENT, pro(cancel_at=2_000)), True, SubscriptionAction.KEEP),
        (Sale(PAYMENT, pro(paused=True)), True, SubscriptionAction.RESUME_COLLECTION),
        (Sale(PAYMENT, pro("paused")), True, SubscriptionAction.RESUME),
        (Sale(PAYMENT, pro("past_due")), True, SandboxAction.RETRY_INVOICE),
        (Sale(PAYMENT, pro("past_due")), False, SaleAction.OPEN_PORTAL),
        (Sale(PAYMENT, pro("canceled")), True, SaleAction.REFUND),
        (Sale(REFUNDED, pro("canceled")), True, None),
    ],
)
def test_the_state_says_what_stands_first(
    sale: Sale, in_sandbox: bool, primary: Action | None
) -> None:
    found = offered(sale, in_sandbox=in_sandbox)
    assert found.primary == primary
    assert primary not in found.others
    assert len(set(found.others)) == len(found.others)


def test_without_a_sandbox_nothing_is_offered_that_only_a_sandbox_can_do() -> None:
    for sale in (Sale(PAYMENT), Sale(DISPUTED), Sale(PAYMENT, pro("past_due"))):
        found = offered(sale, in_sandbox=False)
        assert not any(isinstance(one, SandboxAction) for one in (found.primary, *found.others))
    assert offered(Sale(), in_sandbox=True) == Offered()


def test_a_subscription_whose_invoices_are_not_read_yet_can_be_refunded_all_the_same() -> None:
    assert SaleAction.REFUND in offered(Sale(None, pro()), in_sandbox=False).others
