"""Which actions a sale offers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from billing.domain.access import Permission
from billing.domain.actions.subscription import SubscriptionAction, possible, unpaid_invoice
from billing.domain.ledger.pro import ACTIVE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from billing.domain.actions.sale import Sale


class SaleAction(StrEnum):
    """What else can be done."""

    REFUND = "refund"
    OPEN_PORTAL = "open_portal"


class SandboxAction(StrEnum):
    """What only a sandbox can bring about, or only a test wants."""

    DISPUTE = "dispute"
    DECIDE_DISPUTE = "decide_dispute"
    FAIL_NEXT_RENEWAL = "fail_next_renewal"
    RETRY_INVOICE = "retry_invoice"


Action = SubscriptionAction | SaleAction | SandboxAction
_PERMISSIONS: dict[Action, Permission] = {
    SaleAction.REFUND: Permission.REFUND,
    SaleAction.OPEN_PORTAL: Permission.OPEN_PORTAL,
    SandboxAction.DISPUTE: Permission.DISPUTE,
    SandboxAction.DECIDE_DISPUTE: Permission.DISPUTE,
}


def permission_for(action: Action) -> Permission:
    """What somebody needs to do it."""
    return _PERMISSIONS.get(action, Permission.CHANGE_SUBSCRIPTION)


@dataclass(frozen=True)
class Offered:
    """The ``primary`` action for the state of a sale, and the others; None and none of a sale
    that offers nothing."""

    primary: Action | None = None
    others: tuple[Action, ...] = ()


def offered(sale: Sale, *, in_sandbox: bool) -> Offered:
    """What can be done with it now. A refund that would be refused is among the others still:
    its dialog says why."""
    actions = [
        one
        for one in dict.fromkeys(_ordered(sale))
        if in_sandbox or not isinstance(one, SandboxAction)
    ]
    if not actions:
        return Offered()
    first, *others = actions
    is_refused = sale.payment is not None and sale.payment.refusal is not None
    if first is SaleAction.REFUND and is_refused:
        return Offered(None, tuple(actions))
    return Offered(first, tuple(others))


def _ordered(sale: Sale) -> Iterator[Action]:
    """What the state allows, the most likely first."""
    payment, state = sale.payment, sale.pro
    if payment and payment.dispute:
        yield SandboxAction.DECIDE_DISPUTE
    if state and unpaid_invoice(state):
        yield SandboxAction.RETRY_INVOICE
        yield SaleAction.OPEN_PORTAL
    changes = possible(state) if state else ()
    yield from changes[:1]
    if payment or state:  # which invoice was paid may not have been read yet
        yield SaleAction.REFUND
    if state and state.subscription.customer:
        yield SaleAction.OPEN_PORTAL
    yield from changes[1:]
    if payment and not payment.disputes:
        yield SandboxAction.DISPUTE
    if state and state.subscription.status in ACTIVE and state.subscription.cancel_at is None:
        yield SandboxAction.FAIL_NEXT_RENEWAL
