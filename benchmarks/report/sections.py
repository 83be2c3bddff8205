"""The sections of the report, in its order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.checkout import memory, sessions
from benchmarks.pages import first_load, payment_shown, tabs
from benchmarks.sandbox import speed
from benchmarks.store import queries
from benchmarks.webhooks import whole_app

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.report.figures import Section

SECTIONS: dict[str, Callable[[bool], Section]] = {
    "checkout": sessions.section,
    "memory": memory.section,
    "webhooks": whole_app.section,
    "queries": queries.section,
    "tabs": tabs.section,
    "payment": payment_shown.section,
    "load": first_load.section,
    "sandbox": speed.section,
}
