"""Checkout Sessions: make one, look one up, list the recent ones.

https://docs.stripe.com/api/checkout/sessions
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from billing.catalog import Catalog, Kind
from billing.errors import BillingError, InvalidInput
from billing.money import format_money
from billing.settings import PUBLIC_URL, Settings

if TYPE_CHECKING:
    from billing.gateway import StripeGateway

APP = "billing-dashboard"
PAGE = "/app/billing"
SESSION_ID = re.compile(r"cs_test_[A-Za-z0-9]{1,250}")


@dataclass(frozen=True)
class CheckoutSession:
    """A Checkout Session as this product reads it.

    ``created`` and ``expires_at`` are Unix seconds UTC, ``amount_total`` minor units of
    ``currency``. ``url`` is set only while ``status`` is ``open``. ``ours`` says that this app
    made it; ``kind`` and ``quantity`` are known only then.
    """

    id: str
    created: int
    expires_at: int
    status: str
    payment_status: str
    mode: str
    amount_total: int | None
    currency: str | None
    customer_email: str | None
    url: str | None
    ours: bool
    kind: Kind | None
    quantity: int

    @classmethod
    def from_stripe(cls, session: dict[str, Any]) -> CheckoutSession:
        metadata = session.get("metadata") or {}
        ours = metadata.get("app") == APP
        sold = metadata.get("kind")
        quantity = str(metadata.get("quantity", ""))
        return cls(
            id=session["id"],
            created=session["created"],
            expires_at=session["expires_at"],
            status=session.get("status") or "",
            payment_status=session["payment_status"],
            mode=session["mode"],
            amount_total=session.get("amount_total"),
            currency=session.get("currency"),
            customer_email=(session.get("customer_details") or {}).get("email")
            or session.get("customer_email"),
            url=session.get("url"),
            ours=ours,
            kind=Kind(sold) if ours and sold in set(Kind) else None,
            quantity=int(quantity) if re.fullmatch(r"\d{1,9}", quantity) else 1,
        )

    @property
    def what(self) -> str:
        """``Pro plan``, ``5 extra credits``; of another app's session only the mode is known."""
        if self.kind:
            return self.kind.describe(self.quantity)
        return {"subscription": "Other subscription", "setup": "Other setup"}.get(
            self.mode, "Other payment"
        )

    @property
    def amount(self) -> str:
        """The total written out, or an empty string where there is none (setup mode)."""
        if self.amount_total is None or self.currency is None:
            return ""
        return format_money(self.amount_total, self.currency)

    @property
    def is_paid(self) -> bool:
        """Nothing is owed any more: Stripe's own rule for fulfillment."""
        return self.status == "complete" and self.payment_status != "unpaid"


def parse_quantity(value: object, maximum: int) -> int:
    """``value`` as a quantity of credits; ``InvalidInput`` unless a whole number in range."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= maximum:
        raise InvalidInput(
            f"quantity must be a whole number from 1 to {maximum}",
            "Send it as a JSON number without a decimal point.",
        )
    return value


class Checkout:
    """Makes and reads Checkout Sessions. Raises ``BillingError`` as the gateway does."""

    def __init__(self, settings: Settings, gateway: StripeGateway, catalog: Catalog) -> None:
        self._settings = settings
        self._gateway = gateway
        self._catalog = catalog

    async def create(
        self, kind: Kind, quantity: int = 1, *, idempotency_key: str
    ) -> CheckoutSession:
        """A new open session for ``quantity`` of ``kind``.

        The same ``idempotency_key`` gives the same session: one key for each press of a button,
        kept across its repeats. https://docs.stripe.com/api/idempotent_requests
        """
        return CheckoutSession.from_stripe(
            await self._gateway.create_checkout_session(
                self._params(kind, quantity), idempotency_key
            )
        )

    async def retrieve(self, session_id: str) -> CheckoutSession:
        """What Stripe says of a session now. ``InvalidInput`` when it cannot be a test session."""
        if not SESSION_ID.fullmatch(session_id):
            raise InvalidInput(
                "That is not the id of a test Checkout Session.",
                "It begins with cs_test_ and holds letters and digits only.",
            )
        return CheckoutSession.from_stripe(
            await self._gateway.retrieve_checkout_session(session_id)
        )

    def _params(self, kind: Kind, quantity: int) -> dict[str, Any]:
        self._settings.require("STRIPE_SECRET_KEY", self._settings.secret_key)
        price_id = self._catalog.price_id(kind)
        page = f"{self._settings.require(PUBLIC_URL, self._settings.public_url)}{PAGE}"
        metadata = {"app": APP, "kind": kind.value, "quantity": str(quantity)}
        carried_on = "subscription_data" if kind is Kind.PRO else "payment_intent_data"
        return {
            "mode": kind.mode,
            "line_items": [{"price": price_id, "quantity": quantity}],
            # Stripe fills the placeholder in; it must arrive there unencoded.
            "success_url": f"{page}?success=1&session_id={{CHECKOUT_SESSION_ID}}",
            "cancel_url": f"{page}?canceled=1",
            "metadata": metadata,
            carried_on: {"metadata": metadata},
        }


__all__ = ["APP", "BillingError", "Checkout", "CheckoutSession", "parse_quantity"]
