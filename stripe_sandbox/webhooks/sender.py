"""Posts events to the addresses of webhook endpoints, over connections that are used again."""

from __future__ import annotations

import errno
import os
import socket
import time

import aiohttp
from aiohttp.abc import ResolveResult

from stripe_sandbox.destinations import Destinations, reason
from stripe_sandbox.webhooks.attempts import Answer

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

    async def post(self, url: str, payload: bytes, headers: dict[str, str]) -> Answer:
        """The endpoint's answer, or why there is none."""
        refusal = self._destinations.refusal(url)
        if refusal is not None:
            return Answer(error=refusal)
        started = time.perf_counter()
        try:
            async with self._session.post(
                url, data=payload, headers=headers, allow_redirects=False
            ) as response:
                body = b""
                while more := await response.content.read(RESPONSE_LIMIT - len(body)):
                    body += more
                seconds = time.perf_counter() - started
                return Answer(response.status, None, response.headers, body, seconds)
        except TimeoutError:
            error = f"No answer within {self._timeout:g} s."
        except (aiohttp.ClientError, OSError, ValueError) as problem:
            error = _in_words(problem)
        return Answer(error=error, seconds=time.perf_counter() - started)

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()


def _in_words(problem: Exception) -> str:
    """Why there was no answer."""
    match problem:
        case aiohttp.ClientConnectorDNSError():
            refused = problem.os_error.errno == errno.EACCES
            cause = problem.os_error.strerror
            return f"{cause}" if refused else f"{problem.host} cannot be found: {cause}."
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
            return f"TLS with {problem.host} failed: {problem}"
        case aiohttp.ClientConnectorError():
            cause = os.strerror(problem.os_error.errno or errno.ECONNREFUSED)
            return f"No connection to {problem.host}:{problem.port}: {cause}."
        case aiohttp.ServerDisconnectedError():
            return "The connection ended before the answer."
    return f"{type(problem).__name__}: {problem}"


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
