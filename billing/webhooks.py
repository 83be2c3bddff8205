"""Stripe's webhook deliveries: is this one Stripe's, and what does it say?

https://docs.stripe.com/webhooks#verify-official-libraries
"""

from __future__ import annotations

import json
import logging
import re
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import stripe

from billing.errors import BillingError, NotConfigured, WebhookRefused
from billing.settings import WEBHOOK_SECRET, Settings
from billing.settlement import initial_state
from billing.store import events
from billing.store.documents import loaded
from billing.store.events import Arrival, Due

if TYPE_CHECKING:
    from billing.settlement import Settlement
    from billing.store import Store

log = logging.getLogger(__name__)

TOLERANCE_SECONDS = 300
LAID_OUT_AT_MOST = 64 * 1024  # characters of a body; a stranger's needs no more attention
LATEST = 2**40  # Unix seconds; later is no time, and too large for a database
WORD = re.compile(r"[A-Za-z0-9_.]{1,100}")


class Webhooks:
    """Receives events. Fails closed: without a signing secret nothing is accepted."""

    def __init__(self, settings: Settings, store: Store, settlement: Settlement) -> None:
        self._settings = settings
        self._store = store
        self._settlement = settlement

    async def receive(self, body: bytes, signature: str | None) -> str:
        """Check a delivery and keep its event; returns the event's id once it is on disk.

        ``body`` is the raw request body, ``signature`` the ``Stripe-Signature`` header.
        Raises ``NotConfigured`` without a secret, ``WebhookRefused`` when the delivery cannot be
        trusted (either refusal is kept), ``StoreFailure`` when the event could not be kept, so
        that Stripe sends it again.
        """
        try:
            secrets = self._settings.require(WEBHOOK_SECRET, self._settings.webhook_secrets)
            event = verified(body, signature, [secret.get_secret_value() for secret in secrets])
        except (NotConfigured, WebhookRefused) as refused:
            await self.keep_refusal(refused, len(body))
            raise
        arrival = Arrival(event, "webhook", initial_state(event), time.time())
        known = await self._store.write_each(events.record, arrival)
        about = events.object_id(event)
        log.info("Webhook received: %s %s %s", event["id"], event["type"], about)
        if known.state == "pending":
            self._settlement.expect([Due.of(event)])
        return str(event["id"])

    async def keep_refusal(self, why: BillingError, size: int) -> None:
        """Keep why a delivery of ``size`` bytes was not accepted; its contents are not kept."""
        refused = WebhookRefused(why.message, why.next_step)
        try:
            await self._store.write(
                lambda connection: events.reject(connection, refused, size, time.time())
            )
        except BillingError as failure:
            log.warning("A refused delivery could not be noted: %s", failure.message)


def verified(body: bytes, signature: str | None, secrets: list[str]) -> dict[str, Any]:
    """The event in ``body``, once one of ``secrets`` proves it; else ``WebhookRefused``."""
    if not signature:
        raise WebhookRefused(
            "The Stripe-Signature header is missing.", "Only Stripe calls this address."
        )
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise WebhookRefused("The body is not UTF-8 text.", "Send the event unchanged.") from None
    reason = _misfit(text, signature, secrets, TOLERANCE_SECONDS)
    if reason is not None:
        raise _refusal(reason, text, signature, secrets)
    event: Any = None
    with suppress(ValueError, RecursionError):
        event = loaded(text)
    if not _is_event(event):
        raise WebhookRefused(
            "The body is signed, but it is not an event.",
            "Register this address for snapshot events, not thin ones.",
        )
    return dict(event)


def _is_event(sent: Any) -> bool:
    """https://docs.stripe.com/api/events/object"""
    match sent:
        case {"id": str(name), "type": str(kind), "created": int(at), "data": {"object": dict()}}:
            return bool(WORD.fullmatch(name) and WORD.fullmatch(kind) and 0 <= at < LATEST)
    return False


def _misfit(text: str, signature: str, secrets: list[str], tolerance: int | None) -> str | None:
    """Why the signature fits with none of the secrets, in the SDK's words; None when it does."""
    reason = ""
    for secret in secrets:
        try:
            stripe.WebhookSignature.verify_header(text, signature, secret, tolerance)
        except stripe.SignatureVerificationError as error:
            # A timestamp is judged only after the signature fits, so that word is the better one.
            if not reason or "Timestamp" in str(error.user_message):
                reason = str(error.user_message)
        else:
            return None
    return reason


def _refusal(reason: str, text: str, signature: str, secrets: list[str]) -> WebhookRefused:
    if "Timestamp" in reason:
        return WebhookRefused(
            f"The signature is more than {TOLERANCE_SECONDS // 60} minutes old.",
            "Check the clock of this machine; a recorded delivery cannot be played again.",
        )
    if "Unable to extract" in reason or "expected scheme" in reason:
        return WebhookRefused(
            "The Stripe-Signature header is malformed.", "Only Stripe calls this address."
        )
    if _was_written_anew(text, signature, secrets):
        return WebhookRefused(
            "The body was altered on its way: somebody read the JSON and wrote it anew.",
            "Have what stands between Stripe and this address pass the body on byte for byte; "
            "the signing secret is right.",
        )
    return WebhookRefused(
        "The signature does not fit.",
        "STRIPE_WEBHOOK_SECRET belongs to another endpoint or is an old one, or the body was "
        "altered on its way. Copy the signing secret of the endpoint with this address.",
    )


def _was_written_anew(text: str, signature: str, secrets: list[str]) -> bool:
    """The signature fits the same JSON as Stripe lays it out: with two spaces of indent."""
    if len(text) > LAID_OUT_AT_MOST:
        return False
    try:
        sent = json.loads(text)
        layouts = {json.dumps(sent, indent=2, ensure_ascii=escaped) for escaped in (False, True)}
    except (ValueError, RecursionError):
        return False
    for layout in layouts:
        with suppress(UnicodeEncodeError):
            if _misfit(layout, signature, secrets, None) is None:
                return True
    return False
