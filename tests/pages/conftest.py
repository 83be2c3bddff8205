"""What holds for every test of a page."""

from __future__ import annotations

import pytest

from pages import offers, return_banner


@pytest.fixture(autouse=True)
def answers_come_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page holds what Stripe answers, however slow the machine is that the tests run on."""
    for module in (offers, return_banner):
        monkeypatch.setattr(module, "PATIENCE_SECONDS", 20.0)
