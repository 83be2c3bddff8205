"""Creates Checkout Sessions: https://docs.stripe.com/api/checkout/sessions"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from billing.access.caller import requires
from billing.catalog import Catalog
from billing.domain.access import Permission
from billing.domain.sessions.checkout_session import APP, LABEL, REFERENCE, CheckoutSession, Kind
from billing.domain.sessions.source import SOURCE, Source
from billing.errors import BillingError, InvalidInput, StripeFailure
from billing.safe_text import sanitize
from billing.selling.buyers import ANYBODY, Buyer, Buyers, unknown
from billing.settings.model import PUBLIC_URL, SECRET_KEY, Settings
from billing.urls import BILLING_PATH

if TYPE_CHECKING:
    from billing.stripe_api.gateway import StripeGateway
    from billing.sync.mirror import Mirror

METADATA_LENGTH = 500  # of a value, https://docs.stripe.com/metadata
REFERENCE_LENGTH = 200  # of client_reference_id
LABEL_LENGTH = 100


def parse_quantity(value: object, maximum: int) -> int:
    """``value`` as a quantity of credits; ``InvalidInput`` unless a whole number in range."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= maximum:
        raise InvalidInput(
            f"quantity must be a whole number from 1 to {maximum}",
            "Send it as a JSON number without a decimal point.",
        )
    return value


def parse_label(value: object) -> str:
    """``value`` as the label of a session, in one line; ``InvalidInput`` unless it is a text of at
    most ``LABEL_LENGTH`` characters, or None for none."""
    label = " ".join(value.split()) if isinstance(value, str) else value
    if label is None:
        return ""
    if not isinstance(label, str) or len(label) > LABEL_LENGTH:
        raise InvalidInput(
            f"label must be a text of at most {LABEL_LENGTH} characters",
            'Send it as a JSON string like "QA-1234 iOS".',
        )
    return sanitize(label)


class Checkout:
    """Creates Checkout Sessions for what is sold here."""

    def __init__(
        self,
        settings: Settings,
        gateway: StripeGateway,
        catalog: Catalog,
        buyers: Buyers,
        mirror: Mirror,
    ) -> None:
        self._settings = settings
        self._gateway = gateway
        self._catalog = catalog
        self._buyers = buyers
        self._mirror = mirror

    @requires(Permission.SELL, creates="id")
    async def create(
        self,
        kind: Kind,
        quantity: int = 1,
        *,
        made_by: str,
        source: Source = Source.PAGE,
        label: str = "",
        customer: str | None = None,
        email: str | None = None,
        idempotency_key: str | None = None,
    ) -> CheckoutSession:
        """A new open session for ``quantity`` of ``kind``, with ``made_by``, ``source`` and, where
        there is one, ``label`` in its metadata. It is for a ``customer`` (id) or an ``email``,
        where one of them is given; an email that exactly one Customer has is for that Customer.

        The same ``idempotency_key`` gives the same session, so a button uses one for each press
        and all its retries; None generates one. Raises ``NotConfigured`` or ``StripeFailure``;
        for a customer or an email also ``InvalidInput`` where Stripe does not know the Customer or
        refuses the email, ``SecondSubscription`` where they have Pro, and ``StoreFailure``.
        https://docs.stripe.com/api/idempotent_requests
        """
        buyer = await self._buyers.find(customer, email) if customer or email else ANYBODY
        if kind is Kind.PRO:
            await self._buyers.check_first_pro(buyer)
        key = idempotency_key or secrets.token_hex(16)
        reference = key[:REFERENCE_LENGTH]
        params = await self._params(kind, quantity, reference, _metadata(made_by, source, label))
        try:
            data, request_id = await self._gateway.create_checkout_session(
                params | buyer.params, key
            )
        except StripeFailure as failure:
            raise _refused(failure, buyer) from None
        session = self._mirror.enqueue(data, request_id)
        await self._mirror.apply_backpressure()
        return session

    async def _params(
        self, kind: Kind, quantity: int, reference: str, more: dict[str, str]
    ) -> dict[str, Any]:
        self._settings.require(SECRET_KEY, self._settings.secret_key)
        price_id = await self._catalog.price_id(kind)
        page = f"{self._settings.require(PUBLIC_URL, self._settings.public_url)}{BILLING_PATH}"
        metadata = {"app": APP, "kind": kind.value, "quantity": str(quantity)} | more
        if kind is Kind.PRO:
            child_metadata = {"subscription_data": {"metadata": metadata}}
        else:
            # The session names its PaymentIntent only once it is paid; of a declined payment this
            # says which session it belongs to.
            intent_metadata = metadata | {REFERENCE: reference}
            child_metadata = {"payment_intent_data": {"metadata": intent_metadata}}
        return {
            "mode": kind.mode,
            "client_reference_id": reference,
            "line_items": [{"price": price_id, "quantity": quantity}],
            # Stripe fills the placeholder in; it must arrive there unencoded.
            "success_url": f"{page}?success=1&session_id={{CHECKOUT_SESSION_ID}}",
            # Where Checkout is left before paying, Stripe names no session: the reference does.
            "cancel_url": f"{page}?canceled=1&reference={quote(reference, safe='')}",
            "metadata": metadata,
            **child_metadata,
        }


def _refused(failure: StripeFailure, buyer: Buyer) -> BillingError:
    """Why no session was created: because of the buyer, or as Stripe says."""
    if buyer.customer and failure.is_missing and buyer.customer in failure.message:
        return unknown(buyer.customer)
    if buyer.email and failure.code == "email_invalid":
        return InvalidInput(f"Stripe does not accept the email {buyer.email}", "Check it.")
    return failure


def _metadata(made_by: str, source: Source, label: str) -> dict[str, str]:
    """Who created a session, and what they call it; Stripe takes no empty value."""
    known = {"made_by": made_by, SOURCE: source.value, LABEL: label}
    return {name: value[:METADATA_LENGTH] for name, value in known.items() if value}
