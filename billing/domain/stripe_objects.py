"""What must hold of Stripe's objects for this product to read them.

Stripe's own always do. A proxy's page, another API's answer or a hand-made event may not. Fields
that are not named here may hold anything.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Required

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

LATEST = 2**40  # Unix seconds; later is no time, and too large for a database
LARGEST = 2**63  # of an amount, as a database holds it

UnixTime = Annotated[int, Field(ge=0, lt=LATEST)]
Amount = Annotated[int, Field(gt=-LARGEST, lt=LARGEST)]
Id = Annotated[str, Field(min_length=1, max_length=300)]  # some are chosen by people
Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.]{1,32}$")]
Currency = Annotated[str, Field(pattern="^[A-Za-z]{3}$")]


def _iso_time(text: str) -> str:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or not 0 <= moment.timestamp() < LATEST:
        raise ValueError("it is no time")
    return text


class _Shape(TypedDict, total=False):
    __pydantic_config__ = ConfigDict(strict=True)  # type: ignore[misc] # pydantic reads it


class _Identified(_Shape):
    id: Required[Id]


# https://docs.stripe.com/api/expanding_objects
Expandable = Id | _Identified | None


class _AccountSettings(_Shape, total=False):
    dashboard: dict[str, Any] | None


class _Account(_Shape, total=False):
    object: Required[Literal["account"]]
    id: Required[Id]
    settings: _AccountSettings | None
    business_profile: dict[str, Any] | None


class _Recurring(_Shape, total=False):
    interval: Required[Word]


class _Price(_Shape, total=False):
    object: Required[Literal["price"]]
    id: Required[Id]
    currency: Required[Currency]
    unit_amount: Amount | None
    recurring: _Recurring | None


class _WebhookEndpoint(_Shape, total=False):
    object: Required[Literal["webhook_endpoint"]]
    id: Required[Id]
    url: Required[str]
    enabled_events: list[str] | None
    metadata: dict[str, Any] | None


class _DestinationEndpoint(_Shape, total=False):
    url: str | None
    signing_secret: str | None


class _EventDestination(_Shape, total=False):
    object: Required[Literal["v2.core.event_destination"]]
    id: Required[Id]
    event_payload: Required[Word]
    enabled_events: Required[list[str]]
    metadata: dict[str, Any] | None
    webhook_endpoint: _DestinationEndpoint | None


class _CreatedDestinationEndpoint(_Shape, total=False):
    signing_secret: Required[str]


class _CreatedDestination(_Identified, total=False):
    webhook_endpoint: Required[_CreatedDestinationEndpoint]


class _EventDestinations(_Shape, total=False):
    data: Required[list[_EventDestination]]


class _CreatedEndpoint(_WebhookEndpoint, total=False):
    secret: Required[str]


class _Erased(_Shape, total=False):
    erased: Required[int]


class _EndpointStates(_Shape, total=False):
    endpoints: Required[dict[str, dict[str, Any]]]


class _RolledSecret(_Identified, total=False):
    secret: Required[str]
    former_secret_until: float | None


class _Details(_Shape, total=False):
    email: str | None


class _LineItem(_Shape, total=False):
    object: Required[Literal["item"]]
    id: Required[Id]
    quantity: Amount | None
    amount_subtotal: Amount | None
    amount_total: Amount | None


class _LineItems(_Shape, total=False):
    data: Required[list[_LineItem]]


class _CheckoutSession(_Shape, total=False):
    object: Required[Literal["checkout.session"]]
    id: Required[Id]
    created: Required[UnixTime]
    expires_at: Required[UnixTime]
    status: Word | None
    payment_status: Required[Word]
    mode: Required[Word]
    amount_total: Amount | None
    currency: Currency | None
    url: str | None
    customer: Expandable
    customer_email: str | None
    customer_details: _Details | None
    metadata: dict[str, Any] | None
    line_items: _LineItems | None


class _PaymentIntent(_Shape, total=False):
    object: Required[Literal["payment_intent"]]
    id: Required[Id]


class _InvoicePayment(_Shape, total=False):
    object: Required[Literal["invoice_payment"]]
    id: Required[Id]


class _Refund(_Shape, total=False):
    object: Required[Literal["refund"]]
    id: Required[Id]
    amount: Required[Amount]
    status: Word | None
    created: UnixTime
    payment_intent: Expandable


class _Dispute(_Shape, total=False):
    object: Required[Literal["dispute"]]
    id: Required[Id]
    amount: Required[Amount]
    status: Required[Word]
    created: UnixTime
    payment_intent: Expandable


class _Subscription(_Shape, total=False):
    object: Required[Literal["subscription"]]
    id: Required[Id]
    status: Required[Word]
    created: UnixTime
    customer: Expandable
    cancel_at: UnixTime | None


class _Invoice(_Shape, total=False):
    object: Required[Literal["invoice"]]
    id: Required[Id]
    status: Word | None
    created: UnixTime


class _Customer(_Shape, total=False):
    object: Required[Literal["customer"]]
    id: Required[Id]
    created: UnixTime
    email: str | None


class _PortalSession(_Shape, total=False):
    object: Required[Literal["billing_portal.session"]]
    id: Required[Id]
    url: Required[Annotated[str, Field(min_length=1)]]


class _PaymentMethod(_Shape, total=False):
    object: Required[Literal["payment_method"]]
    id: Required[Id]


class _EventData(_Shape, total=False):
    object: Required[dict[str, Any]]


class _Event(_Shape, total=False):
    object: Literal["event"]
    id: Required[Annotated[str, Field(pattern=r"^[A-Za-z0-9_.]{1,100}$")]]
    type: Required[Annotated[str, Field(pattern=r"^[A-Za-z0-9_.]{1,100}$")]]
    created: Required[UnixTime]
    data: Required[_EventData]


class _Object(_Identified, total=False):
    object: Required[Word]


class _RelatedObject(_Shape, total=False):
    id: Id | None  # some objects are the only ones of their kind
    type: Required[Annotated[str, Field(pattern=r"^[A-Za-z0-9_.]{1,100}$")]]


class _ThinEvent(_Shape, total=False):
    object: Required[Literal["v2.core.event"]]
    id: Required[Annotated[str, Field(pattern=r"^[A-Za-z0-9_.]{1,100}$")]]
    type: Required[Annotated[str, Field(pattern=r"^v[12]\.[A-Za-z0-9_.]{1,97}$")]]
    created: Required[Annotated[str, AfterValidator(_iso_time)]]
    related_object: _RelatedObject | None


class _List(_Shape, total=False):
    object: Required[Literal["list"]]
    data: Required[list[Any]]
    has_more: Required[bool]


class Shape:
    """What one kind of object must look like; ``name`` is what people call it."""

    def __init__(self, name: str, required: Any) -> None:
        self.name = name
        self._validator = TypeAdapter(required).validator

    def fault(self, value: Any) -> str | None:
        """What is wrong with ``value``, in a few words; None when it is such an object."""
        try:
            self._validator.validate_python(value)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            cursor = ".".join(map(str, first["loc"]))
            return f"{cursor}: {first['msg']}" if cursor else first["msg"]
        return None


ACCOUNT = Shape("account", _Account)
PRICE = Shape("Price", _Price)
WEBHOOK_ENDPOINT = Shape("webhook endpoint", _WebhookEndpoint)
EVENT_DESTINATION = Shape("event destination", _EventDestination)
EVENT_DESTINATIONS = Shape("list of event destinations", _EventDestinations)
CREATED_DESTINATION = Shape("event destination with its secret", _CreatedDestination)
CREATED_ENDPOINT = Shape("webhook endpoint with its secret", _CreatedEndpoint)
CHECKOUT_SESSION = Shape("Checkout Session", _CheckoutSession)
LINE_ITEM = Shape("line item", _LineItem)
PAYMENT_INTENT = Shape("PaymentIntent", _PaymentIntent)
INVOICE_PAYMENT = Shape("invoice payment", _InvoicePayment)
REFUND = Shape("refund", _Refund)
DISPUTE = Shape("dispute", _Dispute)
SUBSCRIPTION = Shape("subscription", _Subscription)
INVOICE = Shape("invoice", _Invoice)
CUSTOMER = Shape("customer", _Customer)
PORTAL_SESSION = Shape("customer portal session", _PortalSession)
PAYMENT_METHOD = Shape("PaymentMethod", _PaymentMethod)
OBJECT = Shape("object", _Object)
ERASED = Shape("answer of the sandbox", _Erased)
ENDPOINT_STATES = Shape("list of the sandbox's endpoints", _EndpointStates)
ROLLED_SECRET = Shape("rolled signing secret", _RolledSecret)
EVENT = Shape("event", _Event)
THIN_EVENT = Shape("thin event", _ThinEvent)
LIST = Shape("list", _List)
