"""One limit for attempts to sign in, whichever way."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict, deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_ADDRESSES = 10_000
IPV6_PREFIX = 64  # what one customer of a provider has to choose from


class AttemptLimit:
    """At most ``most`` attempts from one address within any ``seconds``; each process counts its
    own. Of many addresses, those that have been quiet the longest are forgotten."""

    def __init__(
        self, most: int, seconds: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._attempts: OrderedDict[str, deque[float]] = OrderedDict()

    def retry_after(self, address: str | None) -> float:
        """In how many seconds the address may try again; 0 when it may now."""
        attempts = self._attempts.get(_network(address))
        if attempts is None or len(attempts) < self._most:
            return 0.0
        return max(0.0, attempts[0] + self._seconds - self._clock())

    def count(self, address: str | None) -> None:
        """The address has made an attempt."""
        network = _network(address)
        attempts = self._attempts.setdefault(network, deque(maxlen=self._most))
        attempts.append(self._clock())
        self._attempts.move_to_end(network)
        if len(self._attempts) > MOST_ADDRESSES:
            self._attempts.popitem(last=False)


def _network(address: str | None) -> str:
    try:
        ip = ipaddress.ip_address(address or "")
    except ValueError:
        return ""
    return str(ip if ip.version == 4 else ipaddress.ip_network((ip, IPV6_PREFIX), strict=False))
