"""Temporary files of the tests lie in memory where it has space: databases are made by the hundred,
and each file that a disk's journal takes down costs milliseconds."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 - each user of it makes a private folder
SPACE = 2 * 2**30  # bytes; a container may have but a few megabytes


def keep_temporary_files_in_memory() -> None:
    """For this process and those that it starts, unless TMPDIR says where they go."""
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK):
        return
    if shutil.disk_usage(MEMORY).free > SPACE:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)
