"""What ``make install`` does where Python cannot create a virtual environment."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from tests.support.servers.dashboard import ROOT

if TYPE_CHECKING:
    from pathlib import Path

# Like Debian's, without and with its python3-venv: both leave a `python` in the environment.
DEBIANS_PYTHON = """#!/bin/sh
[ "$1" = -c ] && exit 0
for folder; do :; done
mkdir -p "$folder/bin"
printf '#!/bin/sh\\nexit {exit}\\n' > "$folder/bin/python"
chmod +x "$folder/bin/python"
exit {exit}
"""


def make_install(folder: Path, *, has_venv: bool) -> subprocess.CompletedProcess[str]:
    python = folder / "python3"
    python.write_text(DEBIANS_PYTHON.format(exit=0 if has_venv else 1))
    python.chmod(0o755)
    return subprocess.run(
        ["make", "install", f"PYTHON={python}"],
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_python3_venv_make_says_so_and_leaves_nothing_that_the_next_make_takes(
    tmp_path: Path,
) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "requirements.lock").touch()
    failed = make_install(tmp_path, has_venv=False)
    assert failed.returncode
    assert "apt-get install python3-venv" in failed.stdout
    assert not (tmp_path / ".venv").exists()
    done = make_install(tmp_path, has_venv=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Creating" not in make_install(tmp_path, has_venv=True).stdout


def test_an_environment_that_was_left_half_made_is_made_anew(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "requirements.lock").touch()
    half = tmp_path / ".venv/bin/python"
    half.parent.mkdir(parents=True)
    half.write_text("#!/bin/sh\nexit 1\n")
    half.chmod(0o755)
    done = make_install(tmp_path, has_venv=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "exit 0" in half.read_text()
