"""What the Checkout page shows of a session."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from stripe_sandbox.backend import Backend
from stripe_sandbox.checkout_page.asked_fields import (
    ADDRESS_FIELDS,
    AskedField,
    custom_field,
    phone_field,
)
from stripe_sandbox.hosted_page.samples import BRAND_NAMES
from stripe_sandbox.resources.billing.subscription_object import DAY_SECONDS, end_of_trial
from stripe_sandbox.resources.checkout.checkout_session_object import (
    asks_for_phone,
    asks_payment_method,
    known_email,
    offers_removal,
    offers_saving,
    return_url,
)
from stripe_sandbox.resources.checkout.checkout_sessions import CheckoutSessions
from stripe_sandbox.resources.checkout.ui_modes import HOSTED
from stripe_sandbox.resources.customers.payment_methods import PaymentMethods
from stripe_sandbox.storage.objects import Object


@dataclass(frozen=True)
class LineItemView:
    """One line of what is bought; amounts in minor units; `interval` None for one-time;
    `quantities` the least and the most that the payer may choose, None where there is no choice."""

    name: str
    description: str | None
    quantity: int
    unit_amount: int
    amount: int
    interval: str | None
    id: str = ""
    quantities: tuple[int, int] | None = None


@dataclass(frozen=True)
class DiscountView:
    """What is taken off: what it is called, in all, of each purchase in minor units or as a
    percentage, and for how long."""

    name: str
    amount: int
    amount_off: int | None
    percent_off: float | None
    duration: str
    months: int | None


@dataclass(frozen=True)
class SavedCardView:
    """A card of the customer's that is offered: its id, and its brand and last digits."""

    id: str
    name: str


@dataclass(frozen=True)
class CheckoutView:
    """What the Checkout page shows of a session; amounts in minor units, times in Unix seconds. In
    setup mode the amounts are 0."""

    id: str
    status: str
    payment_status: str
    mode: str
    submit_type: str | None
    currency: str
    amount_subtotal: int
    amount_total: int
    discount: DiscountView | None
    allows_promotion_codes: bool
    asks_payment_method: bool
    trial_days: int | None
    line_items: tuple[LineItemView, ...]
    payment_method_types: tuple[str, ...]
    customer_email: str | None
    cancel_url: str | None
    return_url: str | None
    expires_at: int
    ui_mode: str = HOSTED
    phone_field: AskedField | None = None
    address_fields: tuple[AskedField, ...] = ()
    custom_fields: tuple[AskedField, ...] = ()
    custom_text: Mapping[str, str] = field(default_factory=dict)
    saved_cards: tuple[SavedCardView, ...] = ()
    offers_saving: bool = False
    offers_removal: bool = False

    @property
    def asked(self) -> tuple[AskedField, ...]:
        """All that it asks for beyond the payment method."""
        phone = (self.phone_field,) if self.phone_field else ()
        return (*phone, *self.address_fields, *self.custom_fields)


class CheckoutViews:
    """Reads what the page shows."""

    def __init__(
        self, backend: Backend, sessions: CheckoutSessions, methods: PaymentMethods
    ) -> None:
        self._backend = backend
        self._sessions = sessions
        self._methods = methods

    def get(self, session_id: str) -> CheckoutView | None:
        """The view of a session as it is now, or None when there is no such session."""
        session = self._sessions.get(session_id)
        if session is None:
            return None
        items = self._sessions.offered_line_items(session_id)
        texts = {name: text["message"] for name, text in session["custom_text"].items() if text}
        asks_payment = asks_payment_method(session)
        needs_address = asks_payment and session["billing_address_collection"] == "required"
        return CheckoutView(
            id=session["id"],
            status=session["status"],
            payment_status=session["payment_status"],
            mode=session["mode"],
            submit_type=session["submit_type"],
            currency=session["currency"] or "",
            amount_subtotal=session["amount_subtotal"] or 0,
            amount_total=session["amount_total"] or 0,
            discount=self._discount(session),
            allows_promotion_codes=bool(session["allow_promotion_codes"]),
            asks_payment_method=asks_payment,
            trial_days=self._trial_days(session),
            line_items=tuple(self._line_item(item) for item in items),
            payment_method_types=tuple(session["payment_method_types"]),
            customer_email=known_email(session),
            cancel_url=session["cancel_url"],
            return_url=return_url(session),
            expires_at=session["expires_at"],
            ui_mode=session["ui_mode"],
            phone_field=self._phone_field(session),
            address_fields=ADDRESS_FIELDS if needs_address else (),
            custom_fields=tuple(custom_field(field) for field in session["custom_fields"]),
            custom_text=texts,
            offers_saving=offers_saving(session),
            offers_removal=offers_removal(session),
            saved_cards=tuple(
                SavedCardView(
                    card["id"],
                    f"{BRAND_NAMES[card['card']['brand']]} ending in {card['card']['last4']}",
                )
                for card in (self._methods.of_session(session) if asks_payment else ())
            ),
        )

    def _trial_days(self, session: Object) -> int | None:
        hidden = self._backend.objects.hidden("checkout.session", session["id"])
        now = self._backend.clock.now()
        end = end_of_trial(hidden["subscription_data"], now)
        return None if end is None else max(math.ceil((end - now) / DAY_SECONDS), 0)

    def _discount(self, session: Object) -> DiscountView | None:
        hidden = self._backend.objects.hidden("checkout.session", session["id"])
        if "discount" not in hidden:
            return None
        coupon, code = hidden["coupon"], hidden["discount"]["promotion_code"]
        named = code and self._backend.require("promotion_code", code, "promotion_code")["code"]
        return DiscountView(
            name=named or coupon["name"] or coupon["id"],
            amount=session["total_details"]["amount_discount"],
            amount_off=coupon["amount_off"],
            percent_off=coupon["percent_off"],
            duration=coupon["duration"],
            months=coupon["duration_in_months"],
        )

    def _phone_field(self, session: Object) -> AskedField | None:
        if not asks_for_phone(session):
            return None
        customer = self._backend.objects.get("customer", session["customer"] or "")
        return phone_field(customer["phone"] or "" if customer else "")

    def _line_item(self, item: Object) -> LineItemView:
        price = item["price"]
        product = self._backend.objects.get("product", price["product"])
        recurring = price["recurring"]
        adjustable = item.get("adjustable_quantity") or {"enabled": False}
        quantities = None
        if adjustable["enabled"]:
            quantities = adjustable["minimum"], adjustable["maximum"]
        return LineItemView(
            name=item["description"],
            description=product["description"] if product else None,
            quantity=item["quantity"],
            unit_amount=price["unit_amount"],
            amount=item["amount_subtotal"],
            interval=recurring and recurring["interval"],
            id=item["id"],
            quantities=quantities,
        )
