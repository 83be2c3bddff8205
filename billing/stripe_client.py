"""The SDK's client, connected: one pool of connections, no telemetry, a quicker reading of JSON."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import aiohttp
import orjson
import stripe
from multidict import CIMultiDict

from billing.network import proxy_for, trusted_certificates

if TYPE_CHECKING:
    from collections.abc import Mapping

ATTEMPT_SECONDS = 20.0
NETWORK_RETRIES = 2
CONNECTIONS = 256
NOTHING = b"null"

# The SDK would tell Stripe about this machine with every request, and spend a third of its CPU
# time on saying so.
stripe.enable_telemetry = False


def connected(key: str, api_base: str) -> tuple[stripe.StripeClient, aiohttp.ClientSession]:
    """A client on the running event loop, and the connections to close in the end.

    Raises ``NotConfigured`` when the proxy or the certificates of the environment are unusable.
    """
    is_secure = api_base.startswith("https:")
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit=CONNECTIONS,
            ssl=trusted_certificates(stripe.ca_bundle_path) if is_secure else True,
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        proxy=proxy_for(api_base),
    )
    client = stripe.StripeClient(
        key,
        base_addresses={"api": api_base},
        max_network_retries=NETWORK_RETRIES,
        http_client=_HTTPClient(
            timeout=aiohttp.ClientTimeout(total=ATTEMPT_SECONDS), session=session
        ),
    )
    return client, session


def document(response: Any) -> dict[str, Any]:
    """The JSON object that Stripe answered with, of a response of ``connected``'s client."""
    found: dict[str, Any] | None = getattr(response.headers, "document", None)
    return response.data if found is None else found


class _HTTPClient(stripe.AIOHTTPClient):
    """Reads the JSON itself. The SDK would first spell the body out for a debug log that is off,
    and then read it five times as slowly; who paid would also stand in that log."""

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: object = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        body, status, answered = await super().request_async(method, url, headers, post_data)
        if status < 400:
            with suppress(orjson.JSONDecodeError):
                return NOTHING, status, _Headers(answered, orjson.loads(body))
        # The SDK makes the exception, of a proxy's page too, unless that is not UTF-8.
        return body.decode(errors="replace").encode(), status, answered


class _Headers(CIMultiDict[str]):
    """The document travels with them past the SDK's own reading."""

    def __init__(self, headers: Mapping[str, str], document: Any) -> None:
        super().__init__(headers)
        self.document = document
