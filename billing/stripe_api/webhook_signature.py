"""Is a delivery Stripe's? Its signature, checked on the raw body.

Anybody may send one, so nothing here costs more than the bytes that were sent.
https://docs.stripe.com/webhooks#verify-official-libraries
"""

from __future__ import annotations

import json
import re

import orjson
from stripe import SignatureVerificationError, WebhookSignature

from billing.errors import WebhookRefusal, WebhookRefused

TOLERANCE_SECONDS = 300
LONGEST_HEADER = 4_096  # characters: dozens of signatures
MAX_REFORMATTED = 128 * 1024  # bytes of a body as Stripe lays it out
MAX_ESCAPED = 1_000  # characters of it that are not ASCII
TIME = re.compile("[0-9]{1,12}")
SIGNATURE = re.compile("[0-9a-f]{64}")
NOT_ASCII = re.compile("[^\x00-\x7f]+")


def verify(body: bytes, header: str | None, secrets: list[str]) -> None:
    """Return when one of ``secrets`` proves that Stripe sent ``body``; else ``WebhookRefused``.

    ``header`` is ``Stripe-Signature``; of several header lines, joined by commas.
    """
    if not header:
        raise WebhookRefused(
            "The Stripe-Signature header is missing.",
            "Only Stripe can call this URL.",
            WebhookRefusal.NO_SIGNATURE,
        )
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise WebhookRefused(
            "The body is not UTF-8 text.", "Send the event unchanged.", WebhookRefusal.NOT_AN_EVENT
        ) from None
    signature = _normalize(header)
    reason = _mismatch(text, signature, secrets, TOLERANCE_SECONDS)
    if reason is not None:
        raise _refusal(reason, text, signature, secrets)


def _normalize(header: str) -> str:
    """The header without blanks and without what can be no signature, as the SDK reads it."""
    times, signatures = [], []
    for item in header.split(",") if len(header) <= LONGEST_HEADER else ():
        name, _, value = (part.strip(" \t") for part in item.partition("="))
        if name == "t":
            times.append(value)
        elif name == WebhookSignature.EXPECTED_SCHEME:
            signatures.append(value)
    if not signatures or not times or not TIME.fullmatch(times[0]):
        raise WebhookRefused(
            "The Stripe-Signature header is malformed.",
            "Only Stripe can call this URL.",
            WebhookRefusal.MALFORMED_SIGNATURE,
        )
    fitting = filter(SIGNATURE.fullmatch, signatures)
    return ",".join([f"t={times[0]}", *(f"v1={one}" for one in fitting)])


def _mismatch(text: str, signature: str, secrets: list[str], tolerance: int | None) -> str | None:
    """Why the signature fits with none of the secrets, in the SDK's words; None when it does."""
    reason = ""
    for secret in secrets:
        try:
            WebhookSignature.verify_header(text, signature, secret, tolerance)
        except SignatureVerificationError as error:
            # The timestamp is checked after the signature, so this reason says more.
            if not reason or "Timestamp" in str(error.user_message):
                reason = str(error.user_message)
        else:
            return None
    return reason


def _refusal(reason: str, text: str, signature: str, secrets: list[str]) -> WebhookRefused:
    if "Timestamp" in reason:
        return WebhookRefused(
            f"The signature is more than {TOLERANCE_SECONDS // 60} minutes old.",
            "Check this machine's clock. A recorded delivery cannot be sent again later.",
            WebhookRefusal.OLD_SIGNATURE,
        )
    if any(_mismatch(layout, signature, secrets, None) is None for layout in _reformatted(text)):
        return WebhookRefused(
            "The body was changed in transit: its JSON was parsed and written again.",
            "Have the proxy in front of this app pass the body through unchanged. The signing "
            "secret is correct.",
            WebhookRefusal.CHANGED_BODY,
        )
    return WebhookRefused(
        "The signature does not match.",
        "STRIPE_WEBHOOK_SECRET is the secret of another endpoint or an old one, or the body was "
        "changed in transit. Copy the signing secret of the endpoint with this URL.",
        WebhookRefusal.WRONG_SIGNATURE,
    )


def _reformatted(text: str) -> list[str]:
    """The same JSON as Stripe lays it out: with two spaces of indent. None when that is long."""
    containers = text.count("{") + text.count("[")
    lines = 1 + 2 * containers + text.count(",")
    if len(text) + lines * 2 * containers > MAX_REFORMATTED:
        return []
    try:
        plain = orjson.dumps(orjson.loads(text), option=orjson.OPT_INDENT_2).decode()
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return []
    if plain.isascii() or len(plain.encode()) - len(plain) > MAX_ESCAPED:
        return [plain]
    return [plain, NOT_ASCII.sub(lambda found: json.dumps(found[0])[1:-1], plain)]
