"""How long after the session's creation a step of its timeline came."""

from __future__ import annotations

import pytest

from billing.domain.sessions.timeline import EntryKind, TimelineEntry
from pages.components.sessions.timeline import time_text

CREATED = 1_790_000_000


@pytest.mark.parametrize(
    ("after", "ends"),
    [(0.0, ":20"), (0.6, ":20, +0.6\u00a0s"), (300, ":20, +5\u00a0min")],
)
def test_a_step_s_time_says_how_long_after_unless_at_once_and_breaks_before_no_unit(
    after: float, ends: str
) -> None:
    step = TimelineEntry(EntryKind.GRANTED, CREATED + after, "Granted")
    assert time_text(step, CREATED).endswith(ends)
