"""A sandbox that is asked in an older version of Stripe's API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests

from stripe_sandbox.parameters.form import encode
from tests.support.stripe.sandbox_server import KEY, SandboxServer


@dataclass(frozen=True)
class Older:
    """Requests to the server with `Stripe-Version: version`; they answer JSON."""

    server: SandboxServer
    version: str

    def get(self, path: str, *expand: str, **params: Any) -> Any:
        """A GET that succeeds."""
        return self._succeed("GET", path, {**params, "expand": expand})

    def post(self, path: str, **params: Any) -> Any:
        """A POST that succeeds."""
        return self._succeed("POST", path, params)

    def refusal(self, method: str, path: str, **params: Any) -> Any:
        """The error with which a request is refused."""
        answer = self.send(method, path, params)
        assert answer.status_code >= 400, answer.text
        return answer.json()["error"]

    def _succeed(self, method: str, path: str, params: dict[str, Any]) -> Any:
        answer = self.send(method, path, params)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Stripe-Version"] == self.version
        return answer.json()

    def send(self, method: str, path: str, params: dict[str, Any]) -> requests.Response:
        """Any request; under /v2 its body is JSON."""
        headers = {"Authorization": f"Bearer {KEY}", "Stripe-Version": self.version}
        url, form = self.server.url + path, encode(params)
        if method == "GET":
            return requests.get(url, params=form, headers=headers, timeout=10)
        if path.startswith("/v2/"):
            return requests.request(method, url, json=params, headers=headers, timeout=10)
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        return requests.request(method, url, data=form, headers=headers, timeout=10)
