"""Measure the sections, record them, and say what is not as it was.

Each section is recorded as soon as it is measured, so that a run that was interrupted is taken up
with ``--only``. A quick run records nothing: it warns of every goal that has become half as good as
recorded, and never fails, since machines are noisy.
"""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

from benchmarks.report.document import REPORT, record, recorded, section_text
from benchmarks.report.sections import SECTIONS

if TYPE_CHECKING:
    from benchmarks.report.figures import Section


def report(names: list[str], machine: str, *, quick: bool) -> int:
    """Measure these sections, or all; returns how many failed."""
    failed = []
    before = recorded()
    for name in names or list(SECTIONS):
        try:
            section = SECTIONS[name](quick)
        except Exception:  # noqa: BLE001 - the sections after it are measured all the same
            traceback.print_exc()
            failed.append(name)
            continue
        print(f"\n{section_text(section, machine)}", flush=True)
        if quick:
            warn(name, section, before.get(name))
        else:
            record(name, section, machine, list(SECTIONS))
    if failed:
        print(f"Not measured: {', '.join(failed)}. Again: --only {','.join(failed)}")
    elif not quick:
        print(f"Written: {REPORT.relative_to(REPORT.parent.parent)}")
    return 0 if quick else len(failed)


def warn(name: str, section: Section, before: Section | None) -> None:
    """Name the goals that are half as good as recorded, or worse."""
    goals = {goal.name: goal for goal in before.goals} if before else {}
    for goal in section.goals:
        was = goals.get(goal.name)
        if was and goal.is_half_as_good_as(was):
            print(f"WARNING {name}, {goal.name}: {goal.median:.3g}, recorded {was.median:.3g}")
