"""What a check of the setup found: one finding a setting or thing, and the verdict on all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from billing.errors import BillingError, StripeFailure

ACCOUNT = "Account"


class Status(StrEnum):
    """How it stands with one thing, from good to bad."""

    OK = "ok"
    UNKNOWN = "unknown"  # it could not be looked at
    WARNING = "warning"  # it works, but perhaps not as meant
    UNAVAILABLE = "unavailable"  # there was no answer at the moment; nothing is to be set
    WRONG = "error"


class Group(StrEnum):
    """What a finding is about; the value is the heading that people read."""

    STRIPE = "Stripe"
    PRICES = "Prices"
    WEBHOOK = "Webhook"
    APP = "This app"


class Missing(StrEnum):
    """What this app can make in the Stripe account when it is missing there."""

    PRO_PRICE = "pro_price"
    CREDIT_PRICE = "credit_price"
    WEBHOOK_ENDPOINT = "webhook_endpoint"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    ``found`` says what is there and never holds a secret; ``reference`` is the id or the address
    it is about; ``next_step`` the one thing to do, empty when there is nothing to do. ``setting``
    is the name of the setting behind it, if any, and ``source`` where its value came from.
    ``missing`` is set when this app can create what is missing; ``lacking`` are the types of event
    that it can add to the webhook endpoint ``reference``.
    """

    group: Group
    name: str
    status: Status
    found: str
    next_step: str = ""
    reference: str = ""
    setting: str = ""
    source: str = ""
    missing: Missing | None = None
    lacking: tuple[str, ...] = ()

    def failed(self, failure: BillingError, *, forbidden: Status = Status.WRONG) -> Finding:
        """This finding after a request that failed; ``forbidden`` is its status when the key lacks
        the permission."""
        status, reference = Status.WRONG, ""
        if isinstance(failure, StripeFailure):
            reference = failure.request_id or ""
            if failure.is_forbidden:
                status = forbidden
            elif failure.is_temporary and not (
                failure.unreachable and failure.unreachable.is_a_setting
            ):
                status = Status.UNAVAILABLE
        return replace(
            self,
            status=status,
            found=failure.message,
            next_step=failure.next_step,
            reference=reference,
        )


@dataclass(frozen=True)
class Report:
    """All findings as of ``checked_at`` (Unix seconds UTC)."""

    findings: tuple[Finding, ...]
    checked_at: float

    def of(self, group: Group) -> tuple[Finding, ...]:
        """The findings of one group, in the order to read them."""
        return tuple(finding for finding in self.findings if finding.group is group)

    def count(self, status: Status) -> int:
        """How many findings have this status."""
        return sum(finding.status is status for finding in self.findings)

    @property
    def account(self) -> Finding | None:
        """The finding on Stripe's account, when Stripe said which it is."""
        return next((one for one in self.findings if one.name == ACCOUNT and one.reference), None)

    @property
    def worst(self) -> Status:
        """``OK`` when everything is in order, else the gravest status there is."""
        return max((finding.status for finding in self.findings), key=list(Status).index)

    @property
    def verdict(self) -> str:
        """One sentence for the top of the page."""
        wrong, warnings = self.count(Status.WRONG), self.count(Status.WARNING)
        if wrong:
            return f"{wrong} problem{'' if wrong == 1 else 's'} found"
        if self.worst is Status.UNAVAILABLE:
            return "Some checks could not be completed"
        if warnings:
            return f"Working, with {warnings} warning{'' if warnings == 1 else 's'}"
        if self.worst is Status.UNKNOWN:
            return "No problems found, but some checks could not be run"
        return "Everything is set up"
