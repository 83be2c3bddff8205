"""Faults on demand: webhooks that are late, duplicated, shuffled or lost; an API that answers with
an error, or slowly."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from typing import Any

from stripe_sandbox import errors
from stripe_sandbox.errors import StripeError
from stripe_sandbox.storage.database import Database
from stripe_sandbox.storage.json_text import dump, load

_NAME = "faults"
SHUFFLED_WITHIN = 1.5
"""Seconds over which shuffled webhooks are spread: longer than a payment takes to record its."""


@dataclass(frozen=True)
class WebhookFaults:
    """Faults of webhooks. `delay_seconds`: how late they are first sent; `duplicates`: how many
    times more each is sent; `shuffle`: they are sent in a random order; `drop`: the first try of
    each is lost, as if nobody answered."""

    delay_seconds: float = 0
    duplicates: int = 0
    shuffle: bool = False
    drop: bool = False


@dataclass(frozen=True)
class ApiFaults:
    """Faults of the API: `status` (429, 500 or None) for the next `requests` requests (None: until
    changed), and `delay_seconds` before each answer."""

    status: int | None = None
    delay_seconds: float = 0
    requests: int | None = None


@dataclass(frozen=True)
class Faults:
    """All faults that are on."""

    webhooks: WebhookFaults = field(default_factory=WebhookFaults)
    api: ApiFaults = field(default_factory=ApiFaults)

    def to_json(self) -> dict[str, Any]:
        """The faults as JSON values."""
        return asdict(self)


@lru_cache(maxsize=8)
def _read(text: str | None) -> Faults:
    if text is None:
        return Faults()
    value = load(text)
    return Faults(WebhookFaults(**value["webhooks"]), ApiFaults(**value["api"]))


class FaultSwitch:
    """Stores the faults in the database, for all processes that share it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.changes = 0  # since this process began

    def current(self) -> Faults:
        """The faults that are on now."""
        return _read(self._database.setting(_NAME))

    def set(self, faults: Faults) -> None:
        """Replace the faults that are on."""
        text = None if faults == Faults() else dump(faults.to_json())
        self._database.set_setting(_NAME, text)
        self.changes += 1

    def webhook_delay(self) -> float:
        """Seconds after which a new delivery is due."""
        faults = self.current().webhooks
        # No security: it may be guessed.
        spread = random.uniform(0, SHUFFLED_WITHIN) if faults.shuffle else 0.0  # noqa: S311
        return faults.delay_seconds + spread

    def take_api_error(self) -> StripeError | None:
        """The error with which to answer this request, None without a fault; counts the request."""
        if self.current().api.status is None:
            return None
        with self._database.transaction():
            faults = self.current()
            status, left = faults.api.status, faults.api.requests
            if left is not None:
                more = left > 1
                after = replace(
                    faults.api, status=status if more else None, requests=left - 1 if more else None
                )
                self.set(replace(faults, api=after))
        return _ERRORS[status]() if status in _ERRORS else None


_ERRORS = {429: errors.rate_limited, 500: errors.fault}
API_STATUSES = tuple(_ERRORS)
