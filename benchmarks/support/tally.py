"""What a closed loop of requests came to: how many a second, and how long each took."""

from __future__ import annotations

import json
import statistics
import time
from dataclasses import asdict, dataclass

from benchmarks.support.usage import usage


@dataclass(frozen=True)
class Load:
    """``requests``, ``seconds`` and the times are of the measured window alone. A request that lies
    in it in part counts as that part: many at once that all take as long end at once, and whole
    ones would be counted a round too many or too few.

    ``sent``, ``errors`` and ``cpu_seconds`` cover everything, warm-up and last answers included.
    The CPU and memory are those of the process that sent the requests.
    """

    requests: float
    seconds: float
    median_ms: float
    p95_ms: float
    p99_ms: float
    sent: int
    errors: int
    cpu_seconds: float
    peak_rss_mib: float

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of CPU a request."""
        return self.cpu_seconds / self.sent * 1000

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Load:
        return cls(**json.loads(text))


class Tally:
    """Counts requests: for ``warm_up`` seconds without, then for ``seconds`` with, their times."""

    def __init__(self, warm_up: float, seconds: float) -> None:
        self._before = usage()
        self._from = time.perf_counter() + warm_up
        self._until = self._from + seconds
        self._seconds = seconds
        self._times: list[float] = []
        self._answered = 0.0
        self._sent = 0
        self._errors = 0

    @property
    def is_over(self) -> bool:
        """No further request is to be sent."""
        return time.perf_counter() >= self._until

    def add(self, started: float, *, failed: bool) -> None:
        """A request that was sent at ``started`` (of ``perf_counter``) has just ended."""
        now = time.perf_counter()
        self._sent += 1
        if failed:
            self._errors += 1
            return
        inside = min(now, self._until) - max(started, self._from)
        self._answered += max(0.0, inside) / (now - started)
        if self._from <= now < self._until:
            self._times.append(now - started)

    def load(self) -> Load:
        """The result. Fails when nothing was answered in the window."""
        assert len(self._times) > 1, f"no answers to measure; {self._errors} errors"
        after = usage()
        percentiles = statistics.quantiles(self._times, n=100, method="inclusive")
        return Load(
            requests=self._answered,
            seconds=self._seconds,
            median_ms=percentiles[49] * 1000,
            p95_ms=percentiles[94] * 1000,
            p99_ms=percentiles[98] * 1000,
            sent=self._sent,
            errors=self._errors,
            cpu_seconds=after.cpu_seconds - self._before.cpu_seconds,
            peak_rss_mib=after.peak_rss_mib,
        )
