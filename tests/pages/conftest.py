"""What holds for every test of a page."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.context import ContextProxy
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.testing.v1 import app_test, local_script_runner

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


@pytest.fixture(scope="session", autouse=True)
def scripts_are_compiled_once() -> Iterator[None]:
    """Each run of an AppTest compiles all of a page's scripts."""
    compiled = ScriptCache()
    with pytest.MonkeyPatch.context() as patch:
        for module in (app_test, local_script_runner):
            patch.setattr(module, ScriptCache.__name__, lambda: compiled)
        yield


@pytest.fixture(scope="session", autouse=True)
def a_page_is_opened_from_this_machine() -> Iterator[None]:
    """An AppTest has a mock of the connection, whose address no database stores."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ContextProxy, "ip_address", "127.0.0.1")
        yield
