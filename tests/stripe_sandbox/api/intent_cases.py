"""What requests about PaymentIntents and SetupIntents may say."""

from __future__ import annotations

from typing import Any

from tests.stripe_sandbox.api.portal_cases import Case

_ADDRESS = {"city": "Kiel", "country": "DE", "line1": "Weg 1"}
_MADE: dict[str, Any] = {"amount": 500, "currency": "usd"}
_NEVER = {"automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}}
_AUTHENTICATES = {"payment_method": "pm_card_authenticationRequiredSetupForOffSession"}
_BACK = {"return_url": "http://shop.example/"}
_CONFIRMED = {**_MADE, **_NEVER, **_AUTHENTICATES, "confirm": True}
_DETAILS: dict[str, Any] = {
    "description": "Tea", "metadata": {"a": "b"}, "receipt_email": "ann@example.com",
    "shipping": {"name": "Ann", "address": _ADDRESS}, "statement_descriptor": "TEA",
    "statement_descriptor_suffix": "TEA", "transfer_group": "tea",
}  # fmt: skip
_OPTIONS: dict[str, Any] = {
    "allowed_payment_method_types": ["card"], "capture_method": "manual",
    "excluded_payment_method_types": ["us_bank_account"],
    "payment_method": "pm_card_mastercard", "setup_future_usage": "off_session",
    "payment_method_options.card.capture_method": "manual",
    "payment_method_options.card.request_three_d_secure": "any",
    "payment_method_options.card.setup_future_usage": "on_session",
}  # fmt: skip


def _cases(base: dict[str, Any], values: dict[str, Any]) -> list[Case]:
    return [(base, name, value) for name, value in values.items()]


INTENT_SHOWN: dict[str, list[Case]] = {
    "POST /v1/payment_intents": [
        *_cases(_MADE, {**_DETAILS, **_OPTIONS, "customer": "CUSTOMER"}),
        *_cases(_MADE, {"amount": 700, "currency": "eur"}),
        (_MADE, "automatic_payment_methods.enabled", False),
        (
            {**_MADE, "automatic_payment_methods": {"enabled": True}},
            "automatic_payment_methods.allow_redirects", "never",
        ),
        ({**_MADE, **_NEVER, **_AUTHENTICATES}, "confirm", True),
        (_MADE, "confirmation_method", "manual"),
        ({**_CONFIRMED, **_BACK}, "use_stripe_sdk", True),
        (_CONFIRMED, "off_session", True),
        (_CONFIRMED, "return_url", "http://shop.example/"),
    ],
    "POST /v1/payment_intents/:payment_intent": _cases(
        {}, {**_DETAILS, **_OPTIONS, "amount": 700, "currency": "eur", "customer": "CUSTOMER"}
    ),
    "POST /v1/payment_intents/:payment_intent/confirm": [
        *_cases(
            _AUTHENTICATES,
            {
                **{name: value for name, value in _OPTIONS.items() if "method_o" in name},
                "allowed_payment_method_types": ["card"], "capture_method": "manual",
                "excluded_payment_method_types": ["us_bank_account"],
                "off_session": True, "payment_method": "pm_card_mastercard",
                "receipt_email": "ann@example.com", "return_url": "http://shop.example/",
                "setup_future_usage": "off_session", "shipping": _DETAILS["shipping"],
            },
        ),
        ({**_AUTHENTICATES, **_BACK}, "use_stripe_sdk", True),
    ],
    "POST /v1/payment_intents/:payment_intent/capture": _cases(
        {},
        {
            "amount_to_capture": 300, "metadata": {"a": "b"}, "statement_descriptor": "TEA",
            "statement_descriptor_suffix": "TEA",
        },
    ),
    "POST /v1/payment_intents/:payment_intent/cancel": [
        ({}, "cancellation_reason", "duplicate"),
    ],
}  # fmt: skip

INTENT_SHOWN |= {
    "POST /v1/setup_intents": [
        *_cases(
            {},
            {
                "allowed_payment_method_types": ["card"],
                "automatic_payment_methods.enabled": False,
                "customer": "CUSTOMER", "description": "Mine", "metadata": {"a": "b"},
                "payment_method": "pm_card_visa", "usage": "on_session",
            },
        ),
        ({"payment_method": "pm_card_visa", **_NEVER}, "confirm", True),
        (
            {"automatic_payment_methods": {"enabled": True}},
            "automatic_payment_methods.allow_redirects", "never",
        ),
        ({**_NEVER, **_AUTHENTICATES, "confirm": True}, "return_url", "http://shop.example/"),
        ({**_NEVER, **_AUTHENTICATES, **_BACK, "confirm": True}, "use_stripe_sdk", True),
    ],
    "POST /v1/setup_intents/:setup_intent/confirm": [
        ({"payment_method": "pm_card_visa"}, "return_url", "http://shop.example/"),
        (_BACK, "payment_method", "pm_card_visa"),
        ({**_AUTHENTICATES, **_BACK}, "use_stripe_sdk", True),
    ],
    "POST /v1/setup_intents/:setup_intent/cancel": [({}, "cancellation_reason", "abandoned")],
}  # fmt: skip

_SAVES = {"mode": "setup", "currency": "usd", "success_url": "http://shop.example/"}
SETUP_SHOWN: list[Case] = [
    ({name: value for name, value in _SAVES.items() if name != "mode"}, "mode", "setup"),
    *_cases(
        _SAVES,
        {f"setup_intent_data.{name}": _DETAILS[name] for name in ("description", "metadata")},
    ),
]
"""Of a Checkout Session in setup mode."""

_CARD = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2040}
_BANK: dict[str, Any] = {
    "type": "us_bank_account", "billing_details": {"name": "Ann"},
    "us_bank_account": {
        "account_holder_type": "individual", "account_number": "000123456789",
        "routing_number": "110000000",
    },
}  # fmt: skip
METHOD_SHOWN: list[Case] = [
    *_cases(
        {"type": "card", "card": _CARD},
        {
            "allow_redisplay": "always", "billing_details.address": _ADDRESS,
            "billing_details.email": "a@example.com", "billing_details.name": "Ann",
            "billing_details.phone": "+49", "card.exp_month": 11, "card.exp_year": 2041,
            "card.number": "378282246310005", "metadata": {"a": "b"},
        },
    ),
    ({"type": "card", "card": {**_CARD, "cvc": "12"}}, "card.cvc", "123"),
    ({"type": "card"}, "card.token", "tok_mastercard"),
    *_cases(
        _BANK,
        {
            "us_bank_account.account_holder_type": "company",
            "us_bank_account.account_number": "000111111116",
            "us_bank_account.account_type": "savings",
        },
    ),
    (
        {**_BANK, "us_bank_account": {**_BANK["us_bank_account"], "routing_number": "1"}},
        "us_bank_account.routing_number", "110000000",
    ),
]  # fmt: skip
"""Of a new payment method, also where an intent's request has it as `payment_method_data`."""

_UNSIMULATED = _cases(
    _MADE,
    {
        "confirmation_token": "ctoken_1", "mandate": "mandate_1",
        "payment_method_data.type": "link",
        "payment_method_options.card.request_extended_authorization": "if_available",
        "payment_method_options.card.request_incremental_authorization": "if_available",
        "payment_method_options.card.request_multicapture": "if_available",
        "payment_method_options.card.request_overcapture": "if_available",
    },
)  # fmt: skip
INTENT_REFUSED: dict[str, list[Case]] = {
    "POST /v1/payment_intents": _UNSIMULATED,
    "POST /v1/payment_intents/pi_1/capture": _cases({}, {"final_capture": False}),
    "POST /v1/payment_intents/pi_1/confirm": _cases({}, {"confirmation_token": "ctoken_1"}),
    "POST /v1/setup_intents": _cases(
        {},
        {
            "attach_to_self": True, "confirmation_token": "ctoken_1",
            "flow_directions": ["inbound"], "mandate_data": "", "payment_method_data.type": "ideal",
        },
    ),
}  # fmt: skip
