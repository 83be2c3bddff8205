"""How often a failed renewal is tried again, and what comes after the last try: at Stripe a setting
of the Dashboard's, here `PUT /_control/billing`
(https://docs.stripe.com/billing/revenue-recovery/smart-retries)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

from stripe_sandbox.storage.database import Database

SETTING = "billing_policy"


class AfterRetries(StrEnum):
    """What becomes of the subscription after the last try."""

    CANCEL = "cancel"
    UNPAID = "unpaid"
    PAST_DUE = "past_due"


@dataclass(frozen=True)
class RetryPolicy:
    """`retry_days`: days from each failed attempt to the next one."""

    retry_days: tuple[float, ...] = (3, 5, 7)
    then: AfterRetries = AfterRetries.CANCEL

    def wait_after(self, attempt: int) -> float | None:
        """Days until the attempt after the one of that number (from 1); None: it was the last."""
        return self.retry_days[attempt - 1] if attempt <= len(self.retry_days) else None

    def to_json(self) -> dict[str, object]:
        """As `GET /_control/billing` answers it."""
        return {"retry_days": list(self.retry_days), "then": self.then.value}


class RetryPolicySetting:
    """The policy in force; it outlives the process, and a reset sets it back."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self) -> RetryPolicy:
        """The policy that was set last."""
        stored = self._database.setting(SETTING)
        if stored is None:
            return RetryPolicy()
        held = json.loads(stored)
        return RetryPolicy(tuple(held["retry_days"]), AfterRetries(held["then"]))

    def set(self, policy: RetryPolicy) -> None:
        """Use the policy from now on."""
        self._database.set_setting(SETTING, json.dumps(policy.to_json()))
