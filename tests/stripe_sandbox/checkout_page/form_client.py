"""The Checkout page's routes without a browser: any form, any header."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any

from tests.support.stripe.storefront import Storefront

GOOD = {
    "email": "tester@example.com",
    "number": "4242 4242 4242 4242",
    "expiry": "12 / 34",
    "cvc": "123",
    "name": "Test Customer",
    "country": "US",
}


@dataclass
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        whole: dict[str, Any] = json.loads(self.body)
        return whole

    @property
    def fields(self) -> list[str]:
        return [error["field"] for error in self.json["errors"]]


def ask(
    storefront: Storefront, method: str, path: str, body: bytes | None = None, **headers: str
) -> Reply:
    """One request; `headers` with underscores for hyphens."""
    connection = http.client.HTTPConnection(storefront.url.removeprefix("http://"), timeout=30)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, f"/sandbox{path}", body, named)
        response = connection.getresponse()
        return Reply(response.status, response.headers, response.read())
    finally:
        connection.close()


def pay(storefront: Storefront, identifier: str, body: object, **headers: str) -> Reply:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content_Type": "application/json", **headers}
    return ask(storefront, "POST", f"/c/pay/{identifier}/pay", content, **headers)


def still_untouched(storefront: Storefront, identifier: str) -> bool:
    session = storefront.session(identifier)
    return session.status == "open" and session.payment_intent is None
