"""What a Price costs in other currencies than its own
(https://docs.stripe.com/payments/checkout/localize-prices/manual-currency-prices)."""

from __future__ import annotations

from typing import Any

from stripe_sandbox import errors
from stripe_sandbox.currencies import maximum, parse_currency
from stripe_sandbox.schema.objects import build
from stripe_sandbox.storage.objects import Object

_SIMULATED = ("tax_behavior", "unit_amount")


def read_options(given: dict[str, dict[str, Any]], own: str, param: str) -> Object:
    """A request's `currency_options` by currency; those of the price's own currency, which say what
    it costs anyway, are left out. StripeError: one is wrong."""
    options = {}
    for name, option in given.items():
        here = f"{param}[{name}]"
        currency = parse_currency(name, here)
        for field in option:
            if field not in _SIMULATED:
                raise errors.not_simulated(f"{here}[{field}]")
        amount = option.get("unit_amount")
        if amount is None:
            raise errors.parameter_missing(f"{here}[unit_amount]")
        check_amount(amount, currency, f"{here}[unit_amount]")
        if currency != own:
            options[currency] = _option(amount, option.get("tax_behavior", "unspecified"))
    return options


def check_amount(amount: int, currency: str, param: str) -> None:
    """Raise a StripeError if a price cannot cost so much."""
    if amount < 0:
        raise errors.invalid("Invalid non-negative integer", param, "parameter_invalid_integer")
    if amount > maximum(currency):
        raise errors.invalid(
            f"This value must be less than or equal to {maximum(currency)}.",
            param,
            "parameter_invalid_integer",
        )


def shown_options(price: Object, options: Object) -> Object:
    """The price's `currency_options`, its own currency among them."""
    own = _option(price["unit_amount"], price["tax_behavior"])
    return {price["currency"]: own, **options}


def in_currency(price: Object, options: Object, currency: str, param: str) -> Object:
    """The price as it is in that currency. StripeError: it has none in it."""
    if currency == price["currency"]:
        return price
    if currency not in options:
        raise errors.invalid(
            f"The price specified only supports `{price['currency']}`. This doesn't match the "
            f"expected currency: `{currency}`.",
            param,
        )
    option = options[currency]
    amounts = {name: option[name] for name in ("unit_amount", "unit_amount_decimal")}
    return {**price, **amounts, "currency": currency, "tax_behavior": option["tax_behavior"]}


def _option(amount: int, tax_behavior: str | None) -> Object:
    return build(
        "price.CurrencyOptions",
        {
            "tax_behavior": tax_behavior,
            "unit_amount": amount,
            "unit_amount_decimal": str(amount),
        },
    )
