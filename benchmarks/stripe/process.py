"""The fake Stripe in a process of its own, and its controls."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.support.processes import ask, first_line, running

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class FakeStripeProcess:
    """A running fake Stripe at the base URL ``url``."""

    url: str

    def set_delay(self, milliseconds: int) -> None:
        """How long each answer is held back from now on."""
        ask("POST", f"{self.url}/_delay?ms={milliseconds}")

    def set_history(self, sessions: int) -> None:
        """How many sessions there are to list from now on; the counts begin anew."""
        ask("POST", f"{self.url}/_history?sessions={sessions}")

    def calls(self) -> dict[str, int]:
        """How often each endpoint was called, by names like ``POST /v1/checkout/sessions``."""
        return dict(json.loads(ask("GET", f"{self.url}/_count")[1]))


@contextmanager
def fake_stripe() -> Iterator[FakeStripeProcess]:
    """A fake Stripe until the block is left."""
    with running("-m", "benchmarks.stripe.server") as process:
        yield FakeStripeProcess(first_line(process))
