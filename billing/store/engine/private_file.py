"""Database files hold names and e-mail addresses: they are for this user alone."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

FILE_MODE, FOLDER_MODE = 0o600, 0o700
DATA_FOLDER = ".data"  # the folder that this app creates by itself
BESIDE = ("", "-wal", "-shm", "-journal")  # SQLite creates these with the file's own mode


def make_private(path: Path) -> None:
    """Create the SQLite file, and its folder, for this user alone; close those that others could
    read so far. Of folders that were there before, only the app's own is changed.

    Raises ``OSError`` when the file cannot be created. An existing file is never opened: closing
    it again would end the locks that this process holds on it. https://sqlite.org/howtocorrupt.html
    """
    path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE_MODE))
    for suffix in BESIDE:
        with suppress(OSError):  # not there, or another user's
            path.with_name(f"{path.name}{suffix}").chmod(FILE_MODE)
    if path.absolute().parent.name == DATA_FOLDER:
        with suppress(OSError):
            path.parent.chmod(FOLDER_MODE)
