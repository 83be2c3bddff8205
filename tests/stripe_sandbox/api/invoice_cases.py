"""What a request that makes an invoice may say, as in parameter_cases."""

from __future__ import annotations

from typing import Any

from tests.stripe_sandbox.api.portal_cases import Case


def _cases(base: dict[str, Any], **values: Any) -> list[Case]:
    return [(base, name, value) for name, value in values.items()]


_DISCOUNTED = {"discounts.0.coupon": "COUPON", "discounts.0.promotion_code": "PROMOTES"}
_OF: dict[str, Any] = {"customer": "CUSTOMER"}
_SENT: dict[str, Any] = {**_OF, "collection_method": "send_invoice", "days_until_due": 5}
_FIELDS: dict[str, Any] = {**_OF, "custom_fields": [{"name": "Order", "value": "7"}]}
_ITEM: dict[str, Any] = {**_OF, "amount": 500}
_PERIOD: dict[str, Any] = {**_ITEM, "period": {"start": 1_900_000_000, "end": 1_900_000_002}}
_PRICED: dict[str, Any] = {**_OF, "pricing": {"price": "PRICE"}}
_DATA: dict[str, Any] = {
    **_OF, "price_data": {"currency": "usd", "product": "PRODUCT", "unit_amount": 500},
}  # fmt: skip

INVOICE_SHOWN: dict[str, list[Case]] = {
    "POST /v1/invoices": [
        *_cases(
            _OF,
            auto_advance=True,
            **_DISCOUNTED,
            currency="eur",
            default_payment_method="METHOD",
            description="Work",
            footer="Thanks",
            metadata={"a": "b"},
            statement_descriptor="WORK",
        ),
        (_FIELDS, "custom_fields.0.name", "Number"),
        (_FIELDS, "custom_fields.0.value", "8"),
        (_SENT, "days_until_due", 6),
        ({**_OF, "collection_method": "send_invoice", "due_date": 2_000_000_000}, "due_date",
         2_000_000_001),
    ],
    "POST /v1/invoiceitems": [
        *_cases(
            _ITEM,
            amount=600,
            currency="eur",
            description="Work",
            discountable=False,
            **_DISCOUNTED,
            metadata={"a": "b"},
        ),
        (_PERIOD, "period.start", 1_900_000_001),
        (_PERIOD, "period.end", 1_900_000_003),
        (_DATA, "price_data.currency", "eur"),
        (_PRICED, "quantity", 2),
        (_DATA, "price_data.unit_amount", 600),
    ],
}  # fmt: skip
