"""One running app for a SQLite file, and the next one as soon as that has ended, however it did."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from billing.store import Store
from billing.store.engine.instance_lock import AlreadyInUse, instance_lock

ADDRESS = "http://localhost:8501"
HOLD = """
import sys
from pathlib import Path
from billing.store.engine.instance_lock import instance_lock
with instance_lock(Path(sys.argv[1]), sys.argv[2]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_second_gets_the_address_of_the_first_until_that_is_killed(tmp_path: Path) -> None:
    database = tmp_path / "shop.sqlite3"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(database), ADDRESS],
        cwd=Path(__file__).parents[4],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        with pytest.raises(AlreadyInUse) as refused, instance_lock(database, "another"):
            pass
        assert str(database) in str(refused.value)
        assert ADDRESS in str(refused.value)
        first.kill()
    for _ in range(2):
        with instance_lock(database, "another"):
            assert (tmp_path / "shop.sqlite3.lock").read_text() == "another"
            with pytest.raises(AlreadyInUse, match="another"), instance_lock(database, "third"):
                pass


def test_a_folder_that_cannot_be_written_is_left_to_who_opens_the_database(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder belongs")
    with instance_lock(tmp_path / "data" / "shop.sqlite3", ADDRESS):
        pass


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("sqlite:///shop.sqlite3", Path("shop.sqlite3")),
        ("sqlite:////var/shop.sqlite3", Path("/var/shop.sqlite3")),
        ("sqlite://", None),
        ("postgresql+psycopg://sam@db/shop", None),
        ("nonsense", None),
    ],
)
def test_a_database_server_is_for_many_and_a_file_for_one(url: str, file: Path | None) -> None:
    assert Store(SecretStr(url)).file == file
