"""Database files that this user alone can read: they hold names and email addresses."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

FILE_MODE, FOLDER_MODE = 0o600, 0o700
DATA_FOLDER = ".data"  # the folder that this app creates by itself
BESIDE = ("", "-wal", "-shm", "-journal")  # SQLite creates these with the file's own mode


def make_private(path: Path) -> None:
    """Create the SQLite file and its folder for this user alone, or take the rights of others from
    those that exist; of folders only from the app's own.

    Raises ``OSError`` when the file cannot be created.
    """
    # An existing file is not opened: closing it again would end the locks that this process holds
    # on it. https://sqlite.org/howtocorrupt.html
    path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE_MODE))
    for suffix in BESIDE:
        with suppress(OSError):  # not there, or another user's
            path.with_name(f"{path.name}{suffix}").chmod(FILE_MODE)
    if path.absolute().parent.name == DATA_FOLDER:
        with suppress(OSError):
            path.parent.chmod(FOLDER_MODE)
