"""Requests to the sandbox on this machine."""

from __future__ import annotations

from typing import Any

import requests
from pydantic import SecretStr

from billing.errors import BillingError

# What a sandbox accepts that has no key of its own.
ANY_KEY = SecretStr("sk_test_kit")
TIMEOUT = 60.0


class ControlFailure(BillingError):
    """The sandbox refused a request, or did not answer."""


def send(
    method: str, url: str, *, key: SecretStr, timeout: float = TIMEOUT, **body: Any
) -> dict[str, Any]:
    """The JSON that the sandbox answers with; ``body`` as ``requests`` takes it: ``json``,
    ``data``, ``params``. Raises ``ControlFailure``."""
    headers = {"Authorization": f"Bearer {key.get_secret_value()}"}
    response = _send(method, url, timeout, body | {"headers": headers})
    try:
        answer = response.json()
    except requests.JSONDecodeError:
        answer = None
    if not isinstance(answer, dict) or not response.ok:
        error = answer.get("error", {}) if isinstance(answer, dict) else {}
        raise ControlFailure(
            error.get("message") or f"The sandbox answered {response.status_code}.",
            "See the server's log for the reason." if response.status_code >= 500 else "",
        )
    return answer


def submit(url: str, fields: dict[str, str]) -> None:
    """Post a form of one of the sandbox's pages. Raises ``ControlFailure``."""
    response = _send("POST", url, TIMEOUT, {"data": fields, "allow_redirects": False})
    if response.status_code != requests.codes.see_other:
        raise ControlFailure(f"The sandbox's page answered {response.status_code}.")


def _send(method: str, url: str, timeout: float, body: dict[str, Any]) -> requests.Response:
    try:
        with requests.Session() as session:
            session.trust_env = False  # no proxy lies between this machine and itself
            return session.request(method, url, timeout=timeout, **body)
    except requests.RequestException:
        raise ControlFailure(
            "The sandbox does not answer.", "See the server's log for the reason."
        ) from None
