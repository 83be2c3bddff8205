"""Posts events to the addresses of webhook endpoints, over connections that are used again."""

from __future__ import annotations

import errno
import socket

import aiohttp
from aiohttp.abc import ResolveResult

from stripe_sandbox.destinations import Destinations, reason

USER_AGENT = "Stripe/1.0 (+https://stripe.com/docs/webhooks)"
RESPONSE_LIMIT = 64 << 10


class Sender:
    """Sends to permitted addresses alone; an answer has `timeout` seconds. Created on the event
    loop that it sends from."""

    def __init__(self, destinations: Destinations, timeout: float) -> None:
        self._destinations = destinations
        self._timeout = timeout
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, resolver=Resolver(destinations)),
            timeout=aiohttp.ClientTimeout(total=timeout),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": USER_AGENT, "Accept": "*/*; q=0.5, application/xml"},
        )

    async def post(
        self, url: str, payload: bytes, headers: dict[str, str]
    ) -> tuple[int | None, str | None]:
        """The endpoint's status, or why there is none."""
        refusal = self._destinations.refusal(url)
        if refusal is not None:
            return None, refusal
        try:
            async with self._session.post(
                url, data=payload, headers=headers, allow_redirects=False
            ) as response:
                await response.content.read(RESPONSE_LIMIT)
                return response.status, None
        except TimeoutError:
            return None, f"No answer within {self._timeout:g} s."
        except (aiohttp.ClientError, OSError, ValueError) as problem:
            return None, f"{type(problem).__name__}: {problem}"

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()


class Resolver(aiohttp.ThreadedResolver):
    """Resolves hosts to those of their addresses that may be connected to."""

    def __init__(self, destinations: Destinations) -> None:
        super().__init__()
        self._destinations = destinations

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses that may be connected to. OSError: there are none."""
        found = await super().resolve(host, port, family)
        permitted = [one for one in found if self._destinations.permits(host, one["host"])]
        if not permitted:
            raise OSError(errno.EACCES, reason(host))
        return permitted
