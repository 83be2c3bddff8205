"""The exceptions of this product; each says what happened and what to do."""

from __future__ import annotations

import math
from enum import StrEnum

from billing.safe_text import redact, sanitize


class BillingError(Exception):
    """Something a person can act on.

    ``message`` says what happened, ``next_step`` what to do about it. Both are safe to show and
    to store, whoever's words are in them: secrets are blotted out, and there is no traceback.
    """

    def __init__(self, message: str, next_step: str = "") -> None:
        self.message = redact(sanitize(message))
        self.next_step = redact(sanitize(next_step))
        super().__init__(self.message)

    @property
    def is_temporary(self) -> bool:
        """Stripe or the database is down or too busy: a retry may succeed. The gateway or the
        store has logged it.
        """
        return False

    @property
    def is_final(self) -> bool:
        """The request itself is refused: a retry fails the same way until it is changed."""
        return True


class NotConfigured(BillingError):
    """A setting is missing or malformed; ``setting`` is its name in the environment."""

    def __init__(self, setting: str, message: str, next_step: str) -> None:
        super().__init__(message, next_step)
        self.setting = setting

    @property
    def is_final(self) -> bool:
        return False


class NotSignedIn(BillingError):
    """Only somebody who is signed in may do this."""

    def __init__(self, next_step: str = "Sign in, or send a token.") -> None:
        super().__init__("You are not signed in.", next_step)


class NotAllowed(BillingError):
    """The role of whoever is signed in does not permit this."""


class TooManyAttempts(BillingError):
    """Too many attempts to sign in came from one address; in ``retry_after`` seconds the next may
    come."""

    def __init__(self, retry_after: float) -> None:
        self.retry_after = math.ceil(retry_after)
        super().__init__(f"Too many attempts to sign in. Try again in {self.retry_after} seconds.")


class InvalidInput(BillingError):
    """What the caller sent cannot be used; nothing was created."""


class InjectedFault(BillingError):
    """Refused on purpose, by a fault that somebody has switched on."""


class SecondSubscription(BillingError):
    """Who is to be sold the Pro plan has it already, by the ``subscription`` (id) of the
    ``customer`` (id); nothing was created."""

    def __init__(self, message: str, next_step: str, *, customer: str, subscription: str) -> None:
        super().__init__(message, next_step)
        self.customer = customer
        self.subscription = subscription


class Unreachable(StrEnum):
    """Why no answer came."""

    NAME = "name resolution"
    REFUSED = "connection refused"
    NETWORK = "network"
    TIMEOUT = "timeout"
    DROPPED = "connection dropped"
    CERTIFICATE = "certificate"
    PROXY = "proxy"

    @property
    def is_a_setting(self) -> bool:
        """Waiting does not help: an environment variable has to be corrected."""
        return self in (Unreachable.CERTIFICATE, Unreachable.PROXY)


class StripeFailure(BillingError):
    """Stripe refused a request, or could not be reached.

    ``request_id`` is Stripe's (``req_…``) or None when no answer came; ``status`` the HTTP
    status or None; ``code`` Stripe's error code, such as ``resource_missing``; ``unreachable``
    why no answer came; ``is_unexpected`` that the answer was not in Stripe's format.
    https://docs.stripe.com/api/errors
    """

    def __init__(
        self,
        message: str,
        next_step: str,
        *,
        request_id: str | None = None,
        status: int | None = None,
        code: str | None = None,
        unreachable: Unreachable | None = None,
        is_unexpected: bool = False,
    ) -> None:
        super().__init__(message, next_step)
        self.request_id = redact(sanitize(request_id)) if request_id else None
        self.status = status
        self.unreachable = unreachable
        self.is_unexpected = is_unexpected
        self.code = redact(sanitize(code)) if code else None

    @classmethod
    def too_slow(cls, seconds: float) -> StripeFailure:
        return cls(
            f"Stripe did not answer within {seconds:g} seconds.",
            "Wait a moment, then try again: nothing is created twice.",
            unreachable=Unreachable.TIMEOUT,
        )

    @classmethod
    def unexpected(
        cls, status: int, content: str, *, request_id: str | None = None
    ) -> StripeFailure:
        """The answer is not in Stripe's format; ``content`` describes it."""
        return cls(
            f"The answer is not in the format of Stripe's API: HTTP {status}, {content}.",
            "Check STRIPE_API_BASE and any proxy between this app and Stripe.",
            request_id=request_id,
            status=status,
            is_unexpected=True,
        )

    @property
    def is_missing(self) -> bool:
        """Stripe knows no such object (in this account and mode), or no longer."""
        return self.code == "resource_missing"

    @property
    def is_forbidden(self) -> bool:
        """The restricted key lacks a permission; ``message`` holds Stripe's word for it."""
        return self.status == 403

    @property
    def is_temporary(self) -> bool:
        """Stripe did not answer, failed or is rate limiting: any other request would fail too."""
        return self.status is None or self.status == 429 or self.status >= 500

    @property
    def leaves_outcome_unknown(self) -> bool:
        """Stripe may have done what was asked, or be doing it: no answer came, none in Stripe's
        words, or a request under the same idempotency key is under way."""
        return self.status is None or self.is_unexpected or self.status == 409

    @property
    def is_final(self) -> bool:
        """Stripe refused this very request. A key that is not accepted, or an answer of somebody
        else, would meet any other too, and is mended elsewhere."""
        return self.status in (400, 402, 404) and not self.is_unexpected


class StoreFailure(BillingError):
    """The database did not read or write; the transaction was rolled back."""

    @property
    def is_temporary(self) -> bool:
        return True

    @property
    def is_final(self) -> bool:
        return False


class RecordRefused(StoreFailure):
    """The database works, but refuses this record, and would refuse it again."""

    @property
    def is_temporary(self) -> bool:
        return False

    @property
    def is_final(self) -> bool:
        return True


class WebhookRefusal(StrEnum):
    """Why a webhook delivery is refused, in a word."""

    NO_SECRET = "no_secret"  # noqa: S105 - none is set here to check it by
    NO_SIGNATURE = "no_signature"
    MALFORMED_SIGNATURE = "malformed_signature"
    WRONG_SIGNATURE = "wrong_signature"
    OLD_SIGNATURE = "old_signature"
    CHANGED_BODY = "changed_body"
    TOO_LARGE = "too_large"
    NOT_AN_EVENT = "not_an_event"


class WebhookRefused(BillingError):
    """A webhook delivery whose signature or body cannot be trusted; ``why`` in a word."""

    def __init__(self, message: str, next_step: str, why: WebhookRefusal) -> None:
        super().__init__(message, next_step)
        self.why = why
