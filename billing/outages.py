"""Logs an outage in few lines: when it begins, once a minute, and when it is over."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from billing.domain.durations import MINUTE, format_duration

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

OVER_AFTER = 10.0  # seconds without a failure: of many requests at once some may still succeed
MAX_REASONS = 20


@dataclass(slots=True)
class _Reason:
    logged_at: float
    unlogged: int = 0


class Outage:
    """The outages of one service. Report every failure and every success to it.

    A reason is logged when it is new, and once a minute with how often it came since. That all
    works again is logged once ``over_after`` seconds have passed since the last failure. ``name``
    begins that line, like "Stripe".
    """

    def __init__(
        self,
        log: logging.Logger,
        name: str,
        *,
        over_after: float = OVER_AFTER,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log = log
        self._name = name
        self._over_after = over_after
        self._clock = clock
        self._failures = 0
        self._began_at = 0.0
        self._failed_at = 0.0
        self._reasons: dict[str, _Reason] = {}

    def failed(self, reason: str, details: str = "", *, error: BaseException | None = None) -> None:
        """``reason`` is the same for failures that one line may stand for; ``details`` differ.

        With ``error`` its traceback is logged too.
        """
        now = self._clock()
        if not self._failures:
            self._began_at = now
        self._failures += 1
        self._failed_at = now
        line = f"{reason} {details}".rstrip()
        is_one_of_many = len(self._reasons) >= MAX_REASONS and reason not in self._reasons
        reason = "" if is_one_of_many else reason
        known = self._reasons.get(reason)
        if known is None:
            self._reasons[reason] = _Reason(now)
            self._log.warning("%s", line, exc_info=error)
            return
        known.unlogged += 1
        passed = now - known.logged_at
        if passed >= MINUTE:
            often = (
                f"{known.unlogged} times in {format_duration(passed)}: "
                if known.unlogged > 1
                else ""
            )
            self._log.warning("%s%s", often, line, exc_info=error)
            self._reasons[reason] = _Reason(now)

    def succeeded(self) -> None:
        """Report a success; cheap while there is no outage."""
        if not self._failures or self._clock() - self._failed_at < self._over_after:
            return
        lasted = format_duration(self._failed_at - self._began_at)
        self._log.warning(
            "%s is working again. Failures: %s in %s.", self._name, self._failures, lasted
        )
        self._failures = 0
        self._reasons.clear()
