"""Stripe's errors (https://docs.stripe.com/api/errors): one exception, with named constructors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NOT_SIMULATED = "sandbox_not_simulated"
"""The code, none of Stripe's own, of what Stripe has and the local sandbox has not."""

_V2_CODES = {401: "unauthenticated", 403: "forbidden", 404: "not_found", 500: "internal_error"}
"""The code of an error under /v2 that has none under /v1, by its status."""


class StripeError(Exception):
    """An answer other than 200, in Stripe's words.

    `before_execution` is true for what is refused before the endpoint runs (parameters, keys,
    conflicts): such answers are not saved under the idempotency key. `keeps_changes` when what the
    endpoint has done stays, as a charge that the bank declined. `objects`: further fields, such as
    the whole `payment_intent` that the error is about.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        type: str = "invalid_request_error",  # noqa: A002  # the field's name at Stripe
        code: str | None = None,
        param: str | None = None,
        decline_code: str | None = None,
        before_execution: bool = False,
        keeps_changes: bool = False,
        objects: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.type = type
        self.code = code
        self.param = param
        self.decline_code = decline_code
        self.before_execution = before_execution
        self.keeps_changes = keeps_changes
        self.objects = dict(objects or {})

    def nest(self, parent: str) -> None:
        """Say that the parameter stands in another one: `lines[0]`."""
        if self.param is not None:
            name, bracket, rest = self.param.partition("[")
            self.param = f"{parent}[{name}]{bracket}{rest}"

    def reword(self, words: Mapping[str, str]) -> None:
        """Say these words otherwise, as a request of an older version does."""
        for newest, own in words.items():
            self.message = self.message.replace(newest, own)
            self.param = self.param and self.param.replace(newest, own)

    def body(self, request_id: str, now: int) -> dict[str, Any]:
        """The JSON body: `{"error": {…}}`."""
        error: dict[str, Any] = dict(self.objects)
        if self.code is not None:
            error["code"] = self.code
            if self.code != NOT_SIMULATED:
                slug = self.code.replace("_", "-")
                error["doc_url"] = f"https://stripe.com/docs/error-codes/{slug}"
        if self.decline_code is not None:
            error["decline_code"] = self.decline_code
        error["message"] = self.message
        if self.param is not None:
            error["param"] = self.param
        error["request_log_url"] = f"https://dashboard.stripe.com/test/logs/{request_id}?t={now}"
        error["type"] = self.type
        return {"error": dict(sorted(error.items()))}

    def body_v2(self) -> dict[str, Any]:
        """The JSON body of an answer under /v2, where every error has a code
        (https://docs.stripe.com/api-v2-overview)."""
        code = self.code
        if code in (None, "resource_missing"):
            code = _V2_CODES.get(self.status, "invalid_request")
        error = {"type": self.type, "code": code, "message": self.message, "param": self.param}
        return {"error": {name: value for name, value in error.items() if value is not None}}


def invalid(
    message: str,
    param: str | None = None,
    code: str | None = None,
    *,
    objects: Mapping[str, Any] | None = None,
) -> StripeError:
    """A request that the endpoint refuses; `objects` are what the error is about."""
    return StripeError(message, param=param, code=code, objects=objects)


def card_error(
    message: str,
    code: str,
    decline_code: str | None,
    param: str | None = None,
    *,
    keeps_changes: bool = False,
    objects: Mapping[str, Any] | None = None,
) -> StripeError:
    """A card that is refused; `keeps_changes` when the attempt stays, as an invoice's does;
    `objects` are what the error is about."""
    return StripeError(
        message,
        status=402,
        type="card_error",
        code=code,
        param=param,
        decline_code=decline_code,
        keeps_changes=keeps_changes,
        objects=objects,
    )


def return_url_missing(name: str, objects: Mapping[str, Any]) -> StripeError:
    """A confirmation of the intent (`PaymentIntent` or `SetupIntent`) without a page to return
    to."""
    return invalid(
        f"This {name} is configured to accept payment methods enabled in your Dashboard. Because "
        "some of these payment methods might redirect your customer off of your page, you must "
        "provide a `return_url`. If you don't want to accept redirect-based payment methods, set "
        "`automatic_payment_methods[enabled]` to `true` and "
        "`automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and "
        "Payment Intents.",
        objects=objects,
    )


def bad_parameter(message: str, param: str, code: str | None = None) -> StripeError:
    """A parameter that is refused before the endpoint runs."""
    return StripeError(message, param=param, code=code, before_execution=True)


def parameter_unknown(names: list[str]) -> StripeError:
    """Parameters that this endpoint does not have."""
    plural = "s" if len(names) > 1 else ""
    return bad_parameter(
        f"Received unknown parameter{plural}: {', '.join(names)}", names[0], "parameter_unknown"
    )


def parameter_missing(name: str) -> StripeError:
    """A required parameter that is not there."""
    return bad_parameter(f"Missing required param: {name}.", name, "parameter_missing")


def check_exclusive(params: Mapping[str, Any], *names: str, at: str = "") -> None:
    """Raise a StripeError if the parameters, which stand in the one at `at`, hold more than one of
    the names."""
    given = sorted(name for name in names if name in params)
    if len(given) > 1:
        raise bad_parameter(
            f"You may only specify one of these parameters: {', '.join(given)}.",
            f"{at}[{given[0]}]" if at else given[0],
            "parameters_exclusive",
        )


def parameter_empty(name: str) -> StripeError:
    """An empty string for what cannot be unset."""
    return bad_parameter(
        f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset "
        f"a parameter; however '{name}' cannot be unset. You should remove '{name}' from your "
        "request or supply a non-empty value.",
        name,
        "parameter_invalid_empty",
    )


def not_simulated(param: str, what: str | None = None) -> StripeError:
    """What Stripe has and the local sandbox has not: the parameter, or `what` of it (a value)."""
    return bad_parameter(
        f"The local sandbox does not simulate {what or f'the parameter {param}'}. Leave it "
        "out, or use a Stripe sandbox.",
        param,
        NOT_SIMULATED,
    )


NAMES = {
    "billing_portal.configuration": "configuration",
    "payment_method": "PaymentMethod",
    "promotion_code": "promotion code",
    "webhook_endpoint": "webhook endpoint",
    "invoiceitem": "Invoice Item",
    "invoice_payment": "invoice payment",
    "setup_intent": "setupintent",
    "line_item": "invoice line item",
    "subscription_item": "subscription item",
}
UNQUOTED = {"checkout.session"}


def no_such(kind: str, identifier: str, param: str, status: int = 400) -> StripeError:
    """An id that names nothing: 404 when it stands in the path, 400 in a parameter."""
    shown = identifier if kind in UNQUOTED else f"'{identifier}'"
    if kind == "invoiceitem":
        shown += "(livemode=false)"
    return StripeError(
        f"No such {NAMES.get(kind, kind)}: {shown}",
        status=status,
        code="resource_missing",
        param=param,
    )


def unrecognized_url(method: str, path: str) -> StripeError:
    """A URL that is no endpoint."""
    return StripeError(
        f"Unrecognized request URL ({method}: {path}). If you are trying to list objects, remove "
        "the trailing slash. If you are trying to retrieve an object, make sure you passed a "
        "valid (non-empty) identifier in your code. Please see https://stripe.com/docs or we can "
        "help at https://support.stripe.com/.",
        status=404,
        before_execution=True,
    )


def operation_not_simulated(method: str, path: str) -> StripeError:
    """An operation that Stripe has and the local sandbox has not; `path` with its ids in braces."""
    return StripeError(
        f"The local sandbox does not simulate {method} {path}. Use a Stripe sandbox for it.",
        code=NOT_SIMULATED,
        before_execution=True,
    )


def account_invalid(account: str, key: str) -> StripeError:
    """Another account than the sandbox's own; `key` is the API key, masked."""
    return StripeError(
        f"The provided key '{key}' does not have access to account '{account}' (or that account "
        "does not exist). Application access may have been revoked.",
        status=403,
        code="account_invalid",
        before_execution=True,
    )


def unauthorized(message: str) -> StripeError:
    """A key that is missing or wrong."""
    return StripeError(message, status=401, before_execution=True)


def rate_limited() -> StripeError:
    """Too many requests, for which somebody asked (https://docs.stripe.com/rate-limits)."""
    return StripeError(
        "Request rate limit exceeded. Learn more about rate limits here "
        "https://stripe.com/docs/rate-limits.",
        status=429,
        code="rate_limit",
        before_execution=True,
    )


def fault() -> StripeError:
    """An error on Stripe's end, for which somebody asked."""
    return StripeError(
        "An unknown error occurred (fault injection is on in the local sandbox).",
        status=500,
        type="api_error",
        before_execution=True,
    )


def internal() -> StripeError:
    """The sandbox's own fault: the log has the traceback."""
    return StripeError(
        "An internal error occurred in the local sandbox. See its log.",
        status=500,
        type="api_error",
    )
