"""The sandbox's control API, as the Test kit calls it: outside Stripe's own ``/v1``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests
import streamlit as st

from billing.errors import BillingError
from pages.scenarios.faults import Faults

if TYPE_CHECKING:
    from collections.abc import Sequence

# Any test key opens it; it keeps other sites' pages out, which cannot send one.
KEY = "sk_test_kit"
ANSWERS_WITHIN = 60.0
GLANCES_WITHIN = 2.0
GLANCE_SECONDS = 2.0


class ControlFailure(BillingError):
    """The sandbox refused what was asked of its controls, or could not be reached."""


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


@dataclass(frozen=True)
class PaymentResult:
    """What came of a try to pay: ``paid``, ``processing``, ``declined``, ``requires_action`` or
    ``closed``, with Stripe's codes and message where it was refused; ``events`` are the ids of
    what Stripe then told, in its order."""

    outcome: str
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
    """What fell due while the clock was moved: how many of each, and the ids of its ``events`` in
    their order. Renewals that are neither paid nor failed wait for a bank."""

    events: tuple[str, ...]
    renewals: int = 0
    renewals_paid: int = 0
    renewals_failed: int = 0
    sessions_expired: int = 0
    debits_succeeded: int = 0
    debits_failed: int = 0
    disputes_opened: int = 0


class Controls:
    """The control API at ``url``. Every method raises ``ControlFailure`` when it refuses or does
    not answer. Blocks: call it from a page's thread."""

    def __init__(self, url: str, *, answers_within: float = ANSWERS_WITHIN) -> None:
        self._url = url
        self._answers_within = answers_within

    def state(self) -> SandboxState:
        """The clock, the faults, and how much there is of everything."""
        said = self._call("GET", "state")
        return SandboxState(
            now=said["clock"]["now"],
            ahead_seconds=said["clock"]["ahead_seconds"],
            faults=Faults.from_json(said["faults"]),
            counts=said["counts"],
            waiting=said["deliveries"]["waiting"],
            given_up=said["deliveries"]["failed"],
        )

    def advance(self, seconds: int) -> AdvanceResult:
        """Move the clock forward; what fell due on the way."""
        said = self._call("POST", "clock", {"advance_seconds": seconds})
        happened = said["happened"]
        return AdvanceResult(
            events=tuple(said["events"]),
            renewals=happened["renewals"]["due"],
            renewals_paid=happened["renewals"]["paid"],
            renewals_failed=happened["renewals"]["failed"],
            sessions_expired=happened["sessions_expired"],
            debits_succeeded=happened["debits"]["succeeded"],
            debits_failed=happened["debits"]["failed"],
            disputes_opened=happened["disputes_opened"],
        )

    def faults(self) -> Faults:
        """What goes wrong at present."""
        return Faults.from_json(self._call("GET", "faults"))

    def set_faults(self, faults: Faults) -> None:
        """From now on this goes wrong, and nothing else."""
        self._call("PUT", "faults", faults.to_json())

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
        said = self._call("POST", f"sessions/{session_id}/pay", body)
        return PaymentResult(
            outcome=said["outcome"],
            message=said.get("message") or "",
            code=said.get("decline_code") or said.get("code") or "",
            status=said.get("status") or "",
            payment_status=said.get("payment_status") or "",
            events=tuple(said.get("events") or ()),
        )

    def fill(self, *, days: int, sessions: int, sold: Sequence[dict[str, Any]], seed: int) -> int:
        """Make a plausible history that ends now; answers how many sessions it holds."""
        body = {"days": days, "sessions": sessions, "seed": seed, "sold": list(sold)}
        return int(self._call("POST", "fill", body)["sessions"])

    def reset(self) -> None:
        """Everything that was sold, paid and delivered is gone; Prices and endpoints stay."""
        self._call("POST", "reset", {})

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            with requests.Session() as session:
                session.trust_env = False  # no proxy lies between this machine and itself
                response = session.request(
                    method,
                    f"{self._url}/{path}",
                    json=body,
                    headers={"Authorization": f"Bearer {KEY}"},
                    timeout=self._answers_within,
                )
            said = response.json()
            if method != "GET":
                recent_state.clear()
        except requests.RequestException:
            raise ControlFailure(
                "The sandbox does not answer.", "See the server's log for the reason."
            ) from None
        if not isinstance(said, dict) or not response.ok:
            error = said.get("error", {}) if isinstance(said, dict) else {}
            raise ControlFailure(
                error.get("message") or f"The sandbox answered {response.status_code}.",
                "See the server's log for the reason." if response.status_code >= 500 else "",
            )
        return said


@st.cache_data(ttl=GLANCE_SECONDS, max_entries=8, show_spinner=False)
def recent_state(url: str) -> SandboxState | None:
    """The state as it was within the last two seconds, or as this process has changed it since:
    for what every open page asks again and again. None when the controls do not answer."""
    try:
        return Controls(url, answers_within=GLANCES_WITHIN).state()
    except ControlFailure:
        return None
