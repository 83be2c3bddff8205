"""The sections of the report, in its order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.checkout import sessions

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.report.figures import Section

SECTIONS: dict[str, Callable[[bool], Section]] = {
    "checkout": sessions.section,
}
