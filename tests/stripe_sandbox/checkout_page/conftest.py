"""A shop whose Checkout links lead to the sandbox's page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.stripe.storefront import Storefront, open_storefront

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def storefront(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storefront]:
    """One shop for the tests of a file; each looks at the sessions that it has sold."""
    with open_storefront(tmp_path_factory.mktemp("shop")) as storefront:
        yield storefront
