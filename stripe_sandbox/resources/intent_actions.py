"""What a PaymentIntent and a SetupIntent have in common: what they wait for
(https://docs.stripe.com/payments/3d-secure/authentication-flow), why the last try failed, and the
secret by which a browser may read them."""

from __future__ import annotations

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import Call
from stripe_sandbox.ids import new_id, random_text
from stripe_sandbox.payment_methods.bank_accounts import DebitRefusal
from stripe_sandbox.payment_methods.cards import CardRefusal
from stripe_sandbox.schema.objects import build
from stripe_sandbox.storage.objects import Object

_DOCUMENTATION = "https://stripe.com/docs/error-codes/"


def next_action(kind: str, prefix: str, redirect: Object | None) -> Object:
    """The `next_action` of an intent of the kind: 3-D Secure on a page of a `url`, from which the
    payer returns to a `return_url`; without that, or without a page, by Stripe's script."""
    if redirect is not None and redirect["return_url"] is not None:
        values: Object = {"type": "redirect_to_url", "redirect_to_url": redirect}
    else:
        script = {"type": "three_d_secure_redirect", "three_d_secure_2_source": new_id(prefix)}
        if redirect is not None:
            script["stripe_js"] = redirect["url"]
        values = {"type": "use_stripe_sdk", "use_stripe_sdk": script}
    return build(f"{kind}.NextAction", values)


def page_of(intent: Object) -> Object | None:
    """The page on which the payer is to pass 3-D Secure, and where that leads back to: `url` and
    `return_url` (None: nowhere). None: the intent waits for no page."""
    action = intent["next_action"] or {}
    if "redirect_to_url" in action:
        redirect: Object = action["redirect_to_url"]
        return redirect
    url = action.get("use_stripe_sdk", {}).get("stripe_js")
    return url and {"return_url": None, "url": url}


def three_d_secure(path: str, *, passed: bool) -> Object:
    """What is said of 3-D Secure that the payer was asked for, of the class at the path."""
    values = {
        "authentication_flow": "challenge",
        "electronic_commerce_indicator": "05" if passed else None,
        "result": "authenticated" if passed else "failed",
        "result_reason": None if passed else "rejected",
        "transaction_id": random_text(20),
        "version": "2.2.0",
    }
    return build(path, values)


def last_error(path: str, refusal: CardRefusal | DebitRefusal, values: Object) -> Object:
    """The last error of an intent, a part at `path`, as in every error only what concerns it:
    the refusal, and the values that are not null."""
    given = {
        **values,
        "code": refusal.code,
        "decline_code": refusal.decline_code,
        "doc_url": _DOCUMENTATION + refusal.code.replace("_", "-"),
        "message": refusal.message,
        "param": refusal.param,
    }
    return build(path, {name: value for name, value in given.items() if value is not None})


def check_client_secret(call: Call, intent: Object, name: str) -> None:
    """StripeError: the request gives a client secret, and it is another intent's. `name` is what
    Stripe calls the kind."""
    if call.params.get("client_secret", intent["client_secret"]) != intent["client_secret"]:
        raise errors.invalid(
            "The client_secret provided does not match the client_secret associated with this "
            f"{name}.",
            "client_secret",
        )
