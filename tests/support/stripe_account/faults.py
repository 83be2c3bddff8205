"""The ways in which the account misbehaves, and what it answers then."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

JSON = dict[str, Any]

REQUEST_ID = "req_of_the_test"


@dataclass
class Faults:
    """Shares (0 to 1) of the requests that go wrong in each way; ``delay_seconds`` at most.

    Unless they are to be ``retried``, the answer says that trying again would not help, as Stripe
    does at times: else the SDK tries a failing request three times.
    """

    missing: float = 0.0  # 400: what the request names does not exist
    unauthorized: float = 0.0
    forbidden: float = 0.0
    rate_limited: float = 0.0
    failing: float = 0.0
    dropped: float = 0.0  # the connection ends within the answer
    not_json: float = 0.0
    strange: float = 0.0  # JSON, but of another shape
    silent: float = 0.0  # never answered
    delayed: float = 0.0
    delay_seconds: float = 0.05
    retried: bool = False
    seed: int = 1
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - which request fails is no secret

    def next(self) -> tuple[str, float]:
        """What happens to the next request, and how long it is held back first."""
        delay = 0.0
        if self._random.random() < self.delayed:
            delay = self._random.random() * self.delay_seconds
        drawn = self._random.random()
        for name in _WAYS:
            drawn -= getattr(self, name)
            if drawn < 0:
                return name, delay
        return "", delay


DOWN = Faults(failing=1.0)
SILENT = Faults(silent=1.0)
NO_FAULTS = Faults()


def always(fault: str, *, retried: bool = False) -> Faults:
    """Every request goes wrong in this way."""
    return Faults(**{fault: 1.0}, retried=retried)  # type: ignore[arg-type]  # names of shares


def error(message: str, **more: str) -> JSON:
    """An error's body; ``more`` is its code, its parameter, or another type."""
    return {"error": {"type": "invalid_request_error", "message": message} | more}


def no_such(what: str) -> tuple[int, JSON]:
    return 404, error(f"No such object: '{what}'", code="resource_missing")


def forbidden(permission: str) -> tuple[int, JSON]:
    """What a restricted key gets that lacks this permission: ``"Events Read" ('event_read')``."""
    return 403, error(
        "The provided key 'rk_test_***tests' does not have the required permissions for this "
        f"endpoint on account 'acct_of_the_tests'. Enabling {permission} permissions on this key "
        "would allow this request to continue."
    )


ANSWERS: dict[str, tuple[int, JSON | bytes]] = {
    "missing": (
        400,
        error("No such price: 'price_pro'", code="resource_missing", param="line_items[0][price]"),
    ),
    "unauthorized": (401, error("Invalid API Key provided: sk_test_of_the_tests")),
    "forbidden": (403, error("The key lacks a permission")),
    "rate_limited": (429, error("Request rate limit exceeded.", code="rate_limit")),
    "failing": (500, error("An unknown error occurred", type="api_error")),
    "not_json": (200, b"<html>Bad gateway</html>"),
    "strange": (200, b"[]"),
}
_WAYS = (*ANSWERS, "dropped", "silent")
