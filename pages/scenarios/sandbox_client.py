"""A client of the sandbox's control API, which Stripe itself does not have."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import streamlit as st

from billing.access.caller import requires
from billing.changes.topics import Topic
from billing.domain.access import Permission
from pages.scenarios.faults import Faults
from pages.scenarios.sandbox_api import SandboxApi
from pages.scenarios.sandbox_deliveries import SandboxDeliveries
from pages.scenarios.sandbox_requests import ANY_KEY, TIMEOUT, ControlFailure, send
from pages.services import page_services

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import SecretStr

STATE_TIMEOUT = 2.0
FILL_TIMEOUT = 600.0
STATE_MAX_AGE_SECONDS = 2.0


@dataclass(frozen=True)
class SandboxState:
    """``now`` in Unix seconds by the sandbox's clock, ``ahead_seconds`` of the real time;
    ``counts`` of its objects by kind; deliveries ``waiting`` to be sent and given up."""

    now: float
    ahead_seconds: float
    faults: Faults
    counts: dict[str, int]
    waiting: int
    given_up: int


class PaymentOutcome(StrEnum):
    """How an attempt to pay ended; ``CLOSED``: the session was not open any more."""

    PAID = "paid"
    PROCESSING = "processing"
    DECLINED = "declined"
    REQUIRES_ACTION = "requires_action"
    CLOSED = "closed"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ")


@dataclass(frozen=True)
class PaymentResult:
    """What an attempt to pay led to, with Stripe's code and message where it was declined;
    ``events`` are the ids of the events that Stripe then created, in its order."""

    outcome: PaymentOutcome
    message: str
    code: str
    status: str
    payment_status: str
    events: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """The decline in short: ``insufficient_funds``."""
        return self.code.replace("_", " ")


@dataclass(frozen=True)
class AdvanceResult:
    """What fell due while the clock was advanced: how many of each, and the ids of its ``events``
    in their order. Renewals that are neither paid nor failed wait for a bank."""

    events: tuple[str, ...]
    renewals: int = 0
    renewals_paid: int = 0
    renewals_failed: int = 0
    sessions_expired: int = 0
    debits_succeeded: int = 0
    debits_failed: int = 0
    disputes_opened: int = 0


class Controls:
    """The control API at ``url``, which accepts ``key``. Every method raises ``ControlFailure``
    when it refuses or does not answer. Blocks: call it from a page's thread."""

    def __init__(self, url: str, key: SecretStr = ANY_KEY, *, timeout: float = TIMEOUT) -> None:
        self._url = url
        self._key = key
        self._timeout = timeout

    @requires(Permission.VIEW)
    def state(self) -> SandboxState:
        """The clock, the faults and the counts of objects."""
        answer = self._call("GET", "state")
        return SandboxState(
            now=answer["clock"]["now"],
            ahead_seconds=answer["clock"]["ahead_seconds"],
            faults=Faults.from_json(answer["faults"]),
            counts=answer["counts"],
            waiting=answer["deliveries"]["waiting"],
            given_up=answer["deliveries"]["failed"],
        )

    @requires(Permission.MOVE_CLOCK)
    def advance(self, seconds: int) -> AdvanceResult:
        """Advance the clock; what fell due on the way."""
        answer = self._call("POST", "clock", {"advance_seconds": seconds})
        happened = answer["happened"]
        return AdvanceResult(
            events=tuple(answer["events"]),
            renewals=happened["renewals"]["due"],
            renewals_paid=happened["renewals"]["paid"],
            renewals_failed=happened["renewals"]["failed"],
            sessions_expired=happened["sessions_expired"],
            debits_succeeded=happened["debits"]["succeeded"],
            debits_failed=happened["debits"]["failed"],
            disputes_opened=happened["disputes_opened"],
        )

    @requires(Permission.VIEW)
    def faults(self) -> Faults:
        """The faults that are on."""
        return Faults.from_json(self._call("GET", "faults"))

    @requires(Permission.SET_FAULTS)
    def set_faults(self, faults: Faults) -> None:
        """Replace the faults that are on."""
        self._call("PUT", "faults", faults.to_json())

    @requires(Permission.PAY, on="session_id")
    def pay(
        self,
        session_id: str,
        *,
        email: str,
        card: str = "",
        bank_account: str = "",
        authenticate: bool | None = None,
        settles_in_seconds: int = 20,
    ) -> PaymentResult:
        """Somebody pays an open session, with a card or with a bank account whose money comes
        (or fails) later. ``authenticate`` answers 3-D Secure when the card asks for it."""
        body: dict[str, Any] = {"email": email, "name": "Test Customer"}
        if bank_account:
            body |= {"bank_account": bank_account, "settles_in_seconds": settles_in_seconds}
        else:
            body |= {"card": card, "authenticate": authenticate}
        answer = self._call("POST", f"sessions/{session_id}/pay", body)
        return PaymentResult(
            outcome=PaymentOutcome(answer["outcome"]),
            message=answer.get("message") or "",
            code=answer.get("decline_code") or answer.get("code") or "",
            status=answer.get("status") or "",
            payment_status=answer.get("payment_status") or "",
            events=tuple(answer.get("events") or ()),
        )

    @requires(Permission.DISPUTE, on="charge")
    def dispute(self, charge: str, kind: str) -> None:
        """A customer disputes a charge: ``fraudulent``, ``product_not_received``, or by an
        ``inquiry`` of the bank first."""
        self._call("POST", f"charges/{charge}/dispute", {"kind": kind})

    @requires(Permission.FILL)
    def fill(
        self, *, days: int, sessions: int, products: Sequence[dict[str, Any]], seed: int
    ) -> int:
        """Create a plausible history that ends now; how many sessions it holds."""
        body = {"days": days, "sessions": sessions, "seed": seed, "sold": list(products)}
        return int(self._call("POST", "fill", body, timeout=FILL_TIMEOUT)["sessions"])

    @requires(Permission.RESET)
    def reset(self) -> None:
        """Delete everything but Prices, Products and webhook endpoints."""
        self._call("POST", "reset", {})

    @property
    def stripe(self) -> SandboxApi:
        """Stripe's API beside the controls."""
        return SandboxApi(self._url, self._key)

    @property
    def deliveries(self) -> SandboxDeliveries:
        """The controls of deliveries, and of test events."""
        return SandboxDeliveries(self._url, self._key)

    @requires(Permission.VIEW)
    def recent_state(self) -> SandboxState | None:
        """The state as it was within the last two seconds, or since something was last said to
        have changed: for what every open page asks. None when the controls do not answer."""
        changes = page_services().services.changes.numbers()[Topic.STATUS]
        return _recent_state(self._url, self._key, changes)

    def _call(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        timeout: float | None = None,
    ) -> dict[str, Any]:
        timeout = timeout or self._timeout
        url = f"{self._url}/{path}"
        answer = send(method, url, key=self._key, timeout=timeout, json=body)
        if method != "GET":
            _recent_state.clear()
        return answer


@st.cache_data(ttl=STATE_MAX_AGE_SECONDS, max_entries=8, show_spinner=False)
def _recent_state(url: str, _key: SecretStr, changes: int) -> SandboxState | None:  # noqa: ARG001
    """``changes`` is the number of them: a page that is run because of one, and only once, must not
    get what was read before."""
    try:
        return Controls(url, _key, timeout=STATE_TIMEOUT).state()
    except ControlFailure:
        return None


def sandbox_controls() -> Controls | None:
    """The controls of the sandbox at the other end; None where that is another Stripe."""
    billing = page_services()
    if billing.controls_url is None:
        return None
    return Controls(billing.controls_url, billing.services.settings.secret_key or ANY_KEY)
