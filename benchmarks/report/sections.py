"""The sections of the report, in its order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.checkout import sessions
from benchmarks.webhooks import whole_app

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.report.figures import Section

SECTIONS: dict[str, Callable[[bool], Section]] = {
    "checkout": sessions.section,
    "webhooks": whole_app.section,
}
