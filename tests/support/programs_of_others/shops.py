"""What the shops of others have in common: they are started, paid, and sent events."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from tempfile import TemporaryFile

import requests

from tests.support.older_sdk.runs import FailedError
from tests.support.stripe.sandbox_server import SandboxServer
from tests.support.waiting import wait_for

CARD = {
    "email": "ann@example.com", "number": "4242424242424242", "expiry": "12/40", "cvc": "123",
    "name": "Ann", "country": "US",
}  # fmt: skip
"""What a payer types on the Checkout page."""


@contextmanager
def started(command: Sequence[object], url: str) -> Iterator[None]:
    """The program runs and answers at the URL. FailedError: something failed, with what the program
    said."""
    with TemporaryFile() as output:
        process = subprocess.Popen(list(map(str, command)), stdout=output, stderr=output)
        try:
            wait_for(lambda: process.poll() is not None or _answers(url), f"{url} answers")
            yield
        except Exception as error:
            output.seek(0)
            said = output.read().decode(errors="replace")[-2_000:]
            raise FailedError(f"{error} {said}") from error
        finally:
            process.terminate()
            process.wait()


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.ConnectionError:
        return False


def pay(checkout: str) -> str:
    """Pay with a card on the Checkout page at the URL; returns where that leads."""
    answer = requests.post(f"{checkout.partition('#')[0]}/pay", json=CARD, timeout=30)
    if not answer.ok:
        raise FailedError(answer.text)
    return str(answer.json()["return_url"])


def webhook(server: SandboxServer, url: str, version: str) -> str:
    """The signing secret of a new endpoint there, for every event in that API version."""
    endpoint = server.stripe.v1.webhook_endpoints.create(
        {"url": url, "enabled_events": ["*"], "api_version": version}  # type: ignore[typeddict-item]  # an older one
    )
    return str(endpoint.secret)
