"""docs/access.md says what is tested."""

from __future__ import annotations

from pathlib import Path

from tests.access.allowed import tables

DOCUMENT = Path(__file__).parents[2] / "docs/access.md"


def test_the_tables_in_the_documentation_are_those_that_hold() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for table in tables():
        assert table in text, f"Put this into {DOCUMENT.name}:\n{table}"
