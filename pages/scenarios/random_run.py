"""A random run with the sandbox: purchases whose deliveries get faults by chance, and a verdict."""

from __future__ import annotations

import threading
import time
import uuid
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from billing.domain.receiver_faults import MINUTES
from billing.domain.sessions.checkout_session import Kind
from billing.domain.sessions.source import Source
from billing.errors import BillingError
from pages.scenarios.catalog.checkout import INSUFFICIENT_FUNDS
from pages.scenarios.catalog.scenario import VISA
from pages.services import ServerStopping

if TYPE_CHECKING:
    from pages.scenarios.sandbox_client import Controls
    from pages.services import PageServices

PURCHASES = (5, 10, 25)
PATIENCE_SECONDS = 60.0  # until the sandbox has delivered, or given up
POLL_SECONDS = 0.25


def begin(billing: PageServices, controls: Controls, seed: int, purchases: int) -> None:
    """Begin a run, which goes on by itself, as whoever calls. Raises ``InvalidInput`` while
    another has no verdict yet."""
    injection = billing.services.fault_injection
    billing.call(partial(injection.begin_random_run, seed, MINUTES, purchases))
    purchase = partial(copy_context().run, _purchase, billing, controls, seed, purchases)
    threading.Thread(target=purchase, name="random-run", daemon=True).start()


def _purchase(billing: PageServices, controls: Controls, seed: int, purchases: int) -> None:
    """Make the purchases, and end the run when they are delivered."""
    sessions: list[str] = []
    problem = ""
    try:
        sessions.extend(_buy(billing, controls, seed, one) for one in range(1, purchases + 1))
        _wait_for_deliveries(billing, controls)
    except BillingError as failure:
        problem = f"{failure.message} {failure.next_step}".strip()
    injection = billing.services.fault_injection
    with suppress(ServerStopping, RuntimeError):  # it stops meanwhile, and the run with it
        billing.call(partial(injection.end_random_run, sessions, problem))


def _buy(billing: PageServices, controls: Controls, seed: int, number: int) -> str:
    """The id of a session for what the seed says, paid unless its card is declined."""
    chance = Random(f"{seed} {number}")  # noqa: S311 - it is to be foreseen
    kind = Kind.PRO if chance.random() < 0.3 else Kind.CREDITS
    quantity = 1 if kind is Kind.PRO else 1 + int(chance.random() * 20)
    session = billing.call(
        lambda: billing.services.checkout.create(
            kind,
            quantity,
            made_by="test kit",
            source=Source.TEST_KIT,
            label=f"Random run {seed}, {number}",
        )
    )
    card = INSUFFICIENT_FUNDS if chance.random() < 0.2 else VISA
    email = f"random-{seed}-{number}-{uuid.uuid4().hex[:8]}@example.com"
    controls.pay(session.id, email=email, card=card)
    return session.id


def _wait_for_deliveries(billing: PageServices, controls: Controls) -> None:
    """Until the sandbox has delivered everything, and nothing is held."""
    injection = billing.services.fault_injection
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if not controls.state().waiting and not billing.call(injection.state).held:
            return
        time.sleep(POLL_SECONDS)
