"""Requests to the sandbox on this machine."""

from __future__ import annotations

from typing import Any

import requests

from billing.errors import BillingError

# Any test key opens it; it keeps other sites' pages out, which cannot send one.
KEY = "sk_test_kit"
TIMEOUT = 60.0


class ControlFailure(BillingError):
    """The sandbox refused a request, or did not answer."""


def send(method: str, url: str, *, timeout: float = TIMEOUT, **body: Any) -> dict[str, Any]:
    """The JSON that the sandbox answers with; ``body`` as ``requests`` takes it: ``json``,
    ``data``, ``params``. Raises ``ControlFailure``."""
    response = _send(method, url, timeout, body)
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
            headers = {"Authorization": f"Bearer {KEY}"}
            return session.request(method, url, headers=headers, timeout=timeout, **body)
    except requests.RequestException:
        raise ControlFailure(
            "The sandbox does not answer.", "See the server's log for the reason."
        ) from None
