"""What holds for every test of a page."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest
from streamlit.components.v2 import manifest_scanner

from pages.components.billing import offer, return_banner

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session", autouse=True)
def packages_are_looked_through_once() -> Iterator[None]:
    """Each AppTest looks for components in all installed packages: longer than a page takes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            manifest_scanner,
            "scan_component_manifests",
            cache(manifest_scanner.scan_component_manifests),
        )
        yield


@pytest.fixture(autouse=True)
def answers_come_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page holds what Stripe answers, however slow the machine is that the tests run on."""
    for module in (offer, return_banner):
        monkeypatch.setattr(module, "PATIENCE_SECONDS", 20.0)
