"""A shop of the test's own, with the sandbox's controls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.servers.shop import ConnectedShop, connected_shop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def connected(tmp_path: Path) -> Iterator[ConnectedShop]:
    with connected_shop(tmp_path) as running:
        yield running
