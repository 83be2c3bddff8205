"""Use cases of what was sold: see what an action would do, and do it."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from billing.access.caller import requires
from billing.actions.reading import read_payment, read_session, read_subscription
from billing.actions.refusals import (
    PartlyDone,
    dispute_refused,
    invoice_refused,
    portal_refused,
    refund_refused,
    subscription_refused,
)
from billing.domain.access import Permission
from billing.domain.actions.payment import PaymentState, RefundReason
from billing.domain.actions.subscription import SubscriptionAction
from billing.domain.ledger.line import Origin
from billing.domain.ledger.refunds import Dispute, Refund
from billing.domain.sessions.checkout_session import Kind
from billing.domain.sessions.line_item import SoldPrice
from billing.domain.stripe_json import JSON, id_at
from billing.errors import BillingError, InvalidInput, NotConfigured, StripeFailure
from billing.settings.model import PUBLIC_URL
from billing.urls import BILLING_PATH

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from billing.catalog import Catalog
    from billing.domain.actions.sale import Sale
    from billing.ledger.after_sale import AfterSale
    from billing.settings.model import Settings
    from billing.store import Store
    from billing.stripe_api.gateway import StripeGateway

# What decides a dispute in test mode: https://docs.stripe.com/testing#disputes
WINNING_EVIDENCE = "winning_evidence"
ESCALATING_EVIDENCE = "escalate_inquiry_evidence"
# A test card that can be saved, and is declined when it is charged: https://docs.stripe.com/testing
DECLINED_CARD = "pm_card_chargeCustomerFail"

_UPDATES: dict[SubscriptionAction, dict[str, Any]] = {
    SubscriptionAction.CANCEL_AT_PERIOD_END: {"cancel_at_period_end": True},
    SubscriptionAction.PAUSE_COLLECTION: {"pause_collection": {"behavior": "void"}},
    SubscriptionAction.RESUME_COLLECTION: {"pause_collection": ""},
}


class Actions:
    """What is read comes from our copy; what is done is done by Stripe, and read back at once, so
    that copy and ledger know of it.

    Every action takes an ``idempotency_key``: with the same one it is done once. Each raises
    ``InvalidInput`` where what it is about does not allow it (any more), ``StripeFailure`` where
    Stripe cannot be reached or refuses, ``StoreFailure`` where our copy could not be written, and
    ``NotConfigured`` where no setting names the Price of the Pro plan.
    https://docs.stripe.com/api/idempotent_requests
    """

    def __init__(
        self,
        settings: Settings,
        gateway: StripeGateway,
        catalog: Catalog,
        store: Store,
        after_sale: AfterSale,
    ) -> None:
        self._settings = settings
        self._gateway = gateway
        self._catalog = catalog
        self._store = store
        self._after_sale = after_sale

    @requires(Permission.VIEW)
    async def of_session(self, session_id: str) -> Sale:
        """What a Checkout Session sold, with the payment of it (of Pro: of its first invoice)."""
        return await self._read(partial(read_session, session_id=session_id))

    @requires(Permission.VIEW)
    async def of_payment(self, payment_intent: str, subscription: str | None = None) -> Sale:
        """A payment for credits, or of an invoice of a subscription, and that then as well."""
        return await self._read(
            partial(read_payment, payment_intent=payment_intent, subscription=subscription)
        )

    @requires(Permission.VIEW)
    async def of_subscription(self, subscription: str) -> Sale:
        """A subscription, with the payment of its newest paid invoice."""
        return await self._read(partial(read_subscription, subscription=subscription))

    @requires(Permission.VIEW)
    async def refresh(self, sale: Sale) -> None:
        """Read from Stripe what became of it."""
        if sale.payment:
            await self._refresh_payment(sale.payment)
        elif sale.pro:
            await self._after_sale.refresh_subscription(sale.pro.subscription.id, Origin.SYNC)

    @requires(Permission.REFUND, on="payment.payment_intent")
    async def refund(
        self,
        payment: PaymentState,
        amount: int | None = None,
        *,
        reason: RefundReason,
        cancels_pro: bool = False,
        idempotency_key: str,
    ) -> Refund:
        """Refund ``amount`` (minor units) of a payment, or all that is left of it; with
        ``cancels_pro`` the subscription that it pays for is canceled now as well; ``PartlyDone``
        where only that fails."""
        params: dict[str, Any] = {"payment_intent": payment.payment_intent, "reason": reason.value}
        if amount is not None:
            params["amount"] = amount
        try:
            refunded = await self._gateway.create_refund(params, idempotency_key)
        except StripeFailure as failure:
            await self._refresh_after(failure, partial(self._refresh_payment, payment))
            raise refund_refused(failure, payment.payment_intent) from None
        try:
            if cancels_pro and payment.subscription:
                await self._cancel(payment.subscription)
        except StripeFailure as failure:
            with suppress(BillingError):
                await self._refresh_payment(payment)
            raise PartlyDone(
                f"The payment {payment.payment_intent} was refunded, but the subscription "
                f"{payment.subscription} was not canceled. {failure.message}",
                "Cancel it by itself.",
            ) from None
        await self._refresh_payment(payment)
        return Refund.from_stripe(refunded)

    @requires(Permission.CHANGE_SUBSCRIPTION, on="subscription")
    async def change_subscription(
        self, subscription: str, action: SubscriptionAction, *, idempotency_key: str
    ) -> None:
        """Cancel a subscription, let it go on, pause its collection, or resume."""
        refresh = partial(self._after_sale.refresh_subscription, subscription, Origin.SYNC)
        try:
            await self._change(subscription, action, idempotency_key)
        except StripeFailure as failure:
            await self._refresh_after(failure, refresh)
            raise subscription_refused(failure, subscription) from None
        await refresh()

    @requires(Permission.OPEN_PORTAL, on="customer")
    async def open_portal(
        self, customer: str, *, return_path: str = BILLING_PATH, idempotency_key: str
    ) -> str:
        """The address of the customer portal for this Customer, which leads back to a page of this
        app. It has to be opened within minutes.

        https://docs.stripe.com/customer-management
        """
        public_url = self._settings.require(PUBLIC_URL, self._settings.public_url)
        try:
            session = await self._gateway.create_portal_session(
                customer, f"{public_url}{return_path}", idempotency_key
            )
        except StripeFailure as failure:
            raise portal_refused(failure) from None
        return str(session["url"])

    @requires(Permission.CHANGE_SUBSCRIPTION, on="invoice")
    async def pay_invoice(self, subscription: str, invoice: str, *, idempotency_key: str) -> None:
        """Try again now to collect an invoice of a subscription. Where the card is declined, that
        is a ``StripeFailure`` with the bank's reason."""
        refresh = partial(self._after_sale.refresh_subscription, subscription, Origin.SYNC)
        try:
            await self._gateway.pay_invoice(invoice, idempotency_key)
        except StripeFailure as failure:
            await self._refresh_after(failure, refresh)
            raise invoice_refused(failure, invoice) from None
        await refresh()

    @requires(Permission.CHANGE_SUBSCRIPTION, on="subscription")
    async def fail_next_renewal(
        self, subscription: str, customer: str, *, idempotency_key: str
    ) -> None:
        """Have a subscription paid by a test card that is declined from now on."""
        try:
            card = await self._gateway.attach_payment_method(
                DECLINED_CARD, customer, f"{idempotency_key}:card"
            )
            params = {"default_payment_method": card["id"]}
            await self._gateway.update_subscription(subscription, params, idempotency_key)
        except StripeFailure as failure:
            raise subscription_refused(failure, subscription) from None
        await self._after_sale.refresh_subscription(subscription, Origin.SYNC)

    @requires(Permission.VIEW)
    async def charge_of(self, payment_intent: str) -> str:
        """The charge that paid: what a bank disputes."""
        intent = await self._gateway.retrieve_payment_intent(payment_intent)
        charge = id_at(intent, "latest_charge")
        if charge is None:
            what = f"The payment {payment_intent} has no charge."
            raise InvalidInput(what, "Only a paid one can be disputed.")
        return charge

    @requires(Permission.DISPUTE, on="dispute.id")
    async def win_dispute(
        self, payment: PaymentState, dispute: Dispute, *, idempotency_key: str
    ) -> None:
        """Answer a dispute in test mode so that it is won, some seconds later; an inquiry so that
        it becomes a dispute."""
        text = ESCALATING_EVIDENCE if dispute.is_inquiry else WINNING_EVIDENCE
        await self._answer(
            payment, dispute, self._gateway.submit_evidence(dispute.id, text, idempotency_key)
        )

    @requires(Permission.DISPUTE, on="dispute.id")
    async def lose_dispute(
        self, payment: PaymentState, dispute: Dispute, *, idempotency_key: str
    ) -> None:
        """Accept a dispute, which is lost at once; an inquiry is closed by it."""
        await self._answer(
            payment, dispute, self._gateway.close_dispute(dispute.id, idempotency_key)
        )

    async def _answer(
        self, payment: PaymentState, dispute: Dispute, answering: Awaitable[JSON]
    ) -> None:
        try:
            await answering
        except StripeFailure as failure:
            await self._refresh_after(failure, partial(self._refresh_payment, payment))
            raise dispute_refused(failure, dispute.id) from None
        await self._refresh_payment(payment)

    async def _change(self, subscription: str, action: SubscriptionAction, key: str) -> None:
        match action:
            case SubscriptionAction.CANCEL_NOW:
                await self._cancel(subscription)
            case SubscriptionAction.RESUME:
                await self._gateway.resume_subscription(subscription, key)
            case SubscriptionAction.KEEP:
                await self._keep(subscription, key)
            case _:
                await self._gateway.update_subscription(subscription, _UPDATES[action], key)

    async def _keep(self, subscription: str, key: str) -> None:
        """Undo that it is to be canceled, at the period's end or at a time of its own."""
        current = await self._gateway.retrieve_subscription(subscription)
        if current.get("cancel_at_period_end"):
            params: dict[str, Any] = {"cancel_at_period_end": False}
        elif current.get("cancel_at"):
            params = {"cancel_at": ""}
        else:
            return
        await self._gateway.update_subscription(subscription, params, key)

    async def _cancel(self, subscription: str) -> None:
        """Cancel it, unless it is canceled: Stripe has no idempotency keys for this."""
        try:
            await self._gateway.cancel_subscription(subscription)
        except StripeFailure as failure:
            if not failure.is_missing:
                raise
            current = await self._gateway.retrieve_subscription(subscription)
            if current["status"] != "canceled":
                raise

    async def _refresh_payment(self, payment: PaymentState) -> None:
        if payment.subscription:
            await self._after_sale.refresh_subscription(
                payment.subscription, Origin.SYNC, paid_by=payment.payment_intent
            )
        else:
            await self._after_sale.refresh_payment(payment.payment_intent, Origin.SYNC)

    async def _refresh_after(
        self, failure: StripeFailure, refresh: Callable[[], Awaitable[None]]
    ) -> None:
        """Where Stripe knows something else than our copy, that is read; it is not why this
        failed, so that its own failure is no matter here."""
        if failure.is_final:
            with suppress(BillingError):
                await refresh()

    async def _read(self, read: Callable[..., Sale]) -> Sale:
        return await self._store.read(partial(read, pro=await self._pro()))

    async def _pro(self) -> SoldPrice:
        """By which Prices the Pro plan is known, as far as that is known."""
        if cached := await self._catalog.cached_sold_price(Kind.PRO):
            return cached
        with suppress(NotConfigured, StripeFailure):
            return await self._catalog.named_prices(Kind.PRO)
        return SoldPrice("", recurring=True)
