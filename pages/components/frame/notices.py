"""Notices on every page, in one slot below its title: the most severe first, with its way out.

A check is a function that returns a ``Notice``, or None while there is nothing to say.
``pages/dashboard.py`` lists the checks: add one there to have it on every page.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

import streamlit as st

from billing.changes.topics import Topic
from pages.components.live import live

log = logging.getLogger(__name__)


class Severity(IntEnum):
    """The lowest is shown first."""

    ERROR = 0
    WARNING = 1
    INFO = 2


@dataclass(frozen=True)
class Notice:
    """One thing to know, in a line. ``text`` is Markdown: what others wrote goes through
    ``plain``. ``action`` draws the button or link that ends it, where there is one."""

    severity: Severity
    title: str
    text: str
    icon: str
    action: Callable[[], None] | None = None


Check = Callable[[], Notice | None]


@live(Topic.STATUS, Topic.ACCESS)
def notices(checks: Sequence[Check], page: str) -> None:
    """The most severe notice of all ``checks``, and the others behind their count, which is closed
    again on another ``page``."""
    found = [notice for check in checks if (notice := _run(check))]
    if not found:
        return
    first, *others = sorted(found, key=lambda notice: notice.severity)
    with st.container(horizontal=True, vertical_alignment="center", key="notices"):
        _show(first)
        if others:
            with st.popover(f"{len(others)} more", key=f"more_notices_{page}"):
                for notice in others:
                    _show(notice)


def _run(check: Check) -> Notice | None:
    try:
        return check()
    except Exception:  # a check that fails must not take every page down
        log.exception("A check for the notices failed")
        return None


def _show(notice: Notice) -> None:
    show = {Severity.ERROR: st.error, Severity.WARNING: st.warning, Severity.INFO: st.info}
    text = f"**{notice.title}.** {notice.text}"
    show[notice.severity](text, icon=f":material/{notice.icon}:")
    if notice.action:
        notice.action()
