"""How a sandbox is set up."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from stripe_sandbox.request_log.log import SIZE
from stripe_sandbox.versions.releases import NEWEST
from stripe_sandbox.webhooks.delivery import RETRY_SCHEDULES


@dataclass(frozen=True)
class SandboxConfig:
    """How a sandbox is set up.

    `database`: its file, None for memory only. `base_url`: where people reach it, to which its
    links lead. `retry_delays`: seconds before each further try of a webhook. `delivery_timeout`:
    seconds an endpoint has to answer. `deliver_to`: public hosts that events may be delivered to,
    `*` for any, beside this machine and its private networks. `delay`: seconds before each answer
    of the API. `business_name`: whose Checkout page it is, empty for nobody's. `api_key`: the one
    that API and controls accept, any of test mode when None. `api_version`: the account's, for
    requests and webhook endpoints that name none. `request_log_size`: how many of the latest
    requests the log keeps, 0 for no log.
    """

    database: Path | None = Path(".data/stripe_sandbox.sqlite3")
    base_url: str = "http://localhost:12111"
    retry_delays: tuple[float, ...] = RETRY_SCHEDULES["quick"]
    delivery_timeout: float = 10.0
    delivery_concurrency: int = 16
    deliver_to: tuple[str, ...] = ()
    delay: float = 0.0
    business_name: str = ""
    api_key: str | None = field(default=None, repr=False)
    api_version: str = NEWEST
    request_log_size: int = SIZE
