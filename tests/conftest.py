"""Fixtures that every test can use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import hypothesis
import pytest
import stripe

from billing.access.caller import Caller, become
from billing.domain.access import ADMIN_OF_THIS_MACHINE
from tests.support.memory import keep_temporary_files_in_memory
from tests.support.servers.timings import SDK_DELAY

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest_plugins = [
    "tests.support.browsers.browser",
    "tests.support.database.databases",
    "tests.support.once",
    "tests.support.quick",
    "tests.support.servers.shop",
    "tests.support.stripe_account.account",
]

keep_temporary_files_in_memory()
# Tests call use cases as this machine's admin, unless they say who calls.
ADMIN = Caller(ADMIN_OF_THIS_MACHINE)
become(ADMIN)
# The same examples each time, on a machine of any speed.
hypothesis.settings.register_profile("suite", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("suite")


@pytest.fixture(scope="session", autouse=True)
def the_sdk_tries_again_soon() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stripe.HTTPClient, "INITIAL_DELAY", SDK_DELAY)
        yield


@pytest.fixture(autouse=True)
def whoever_calls_in_a_test_is_gone_after_it() -> Iterator[None]:
    yield
    become(ADMIN)
