"""What becomes of a transaction that several share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Outcome:
    """`failure` is why it could not be committed."""

    failure: BaseException | None = None

    def check(self) -> None:
        """Raise the failure, if there is one."""
        if self.failure is not None:
            raise self.failure
