"""What a process has cost so far, as the kernel tells it (Linux only; unknown elsewhere)."""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Usage:
    """``cpu_seconds`` of all threads since the start; ``peak_rss_mib`` since the last reset.

    Both are NaN where there is no ``/proc``. https://man7.org/linux/man-pages/man5/proc.5.html
    """

    cpu_seconds: float
    peak_rss_mib: float


def usage(pid: int | None = None) -> Usage:
    """The usage of a process, of this one when no ``pid`` is given."""
    process = Path(f"/proc/{pid or os.getpid()}")
    if not process.exists():
        return Usage(math.nan, math.nan)
    # The second field is the command in parentheses and may itself hold spaces.
    fields = process.joinpath("stat").read_text().rpartition(")")[2].split()
    ticks = sum(int(field) for field in fields[11:15])  # utime, stime, and ended children's
    peak = re.search(r"VmHWM:\s+(\d+) kB", process.joinpath("status").read_text())
    return Usage(
        cpu_seconds=ticks / os.sysconf("SC_CLK_TCK"),
        peak_rss_mib=int(peak[1]) / 1024 if peak else math.nan,
    )


@dataclass(frozen=True)
class Held:
    """What a process holds at the moment; NaN where there is no ``/proc``."""

    rss_mib: float
    threads: float
    open_files: float


def held(pid: int) -> Held:
    """What the process holds now."""
    process = Path(f"/proc/{pid}")
    if not process.exists():
        return Held(math.nan, math.nan, math.nan)
    status = process.joinpath("status").read_text()
    figures = {name: int(value) for name, value in re.findall(r"(VmRSS|Threads):\s+(\d+)", status)}
    open_files = len(list(process.joinpath("fd").iterdir()))
    return Held(figures["VmRSS"] / 1024, figures["Threads"], open_files)
