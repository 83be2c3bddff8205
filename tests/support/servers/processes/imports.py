"""What a process has imported, from what it prints with ``-X importtime``."""

from __future__ import annotations

import re

_LINE = re.compile(r"^import time: .*\| +([\w.]+)$", re.MULTILINE)


def imported(log: str) -> set[str]:
    """The full names of its modules."""
    return set(_LINE.findall(log))
