"""What is installed is what is written, of the same versions for everybody, and unchanged."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[\w+\])?==([^\s;]+)", re.MULTILINE)
LOCKED = re.compile(
    r"^([a-z0-9._-]+)==(\S+)[^\n]*\\\n((?:    --hash=sha256:\w{64}.*\n)+)", re.MULTILINE
)


def pinned(name: str) -> dict[str, str]:
    text = (ROOT / name).read_text()
    found = {
        one.lower().replace("_", "-").replace(".", "-"): version
        for one, version in PINNED.findall(text)
    }
    for included in re.findall(r"^-r (\S+)", text, re.MULTILINE):
        found |= pinned(included)
    return found


@pytest.mark.parametrize("name", ["requirements", "requirements-team", "requirements-dev"])
def test_a_lock_file_holds_every_requirement_in_its_version_with_hashes(name: str) -> None:
    text = (ROOT / f"{name}.lock").read_text()
    locked: dict[str, set[str]] = {}
    for one, version, _hashes in LOCKED.findall(text):
        locked.setdefault(one.replace(".", "-"), set()).add(version)
    assert len(re.findall(r"^[a-z]\S*==", text, re.MULTILINE)) == len(LOCKED.findall(text))
    for one, version in pinned(f"{name}.txt").items():
        assert version in locked[one], f"{one}: run make lock"


@pytest.mark.parametrize("name", ["requirements-team", "requirements-dev"])
def test_what_only_others_need_changes_no_version_of_the_app_s(name: str) -> None:
    def versions(file: str) -> set[tuple[str, str]]:
        return {(one, version) for one, version, _ in LOCKED.findall((ROOT / file).read_text())}

    assert versions("requirements.lock") <= versions(f"{name}.lock")
