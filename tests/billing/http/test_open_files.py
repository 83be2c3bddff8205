from __future__ import annotations

import asyncio
import resource
import subprocess
import sys
from pathlib import Path

from billing.http.open_files import LazyEventLoop

RAISED = """
import resource
from billing.http.open_files import raise_open_files_limit
resource.setrlimit(resource.RLIMIT_NOFILE, (256, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
print(raise_open_files_limit(), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_the_soft_limit_of_open_files_is_raised_to_what_the_system_allows() -> None:
    said, soft = map(int, subprocess.check_output([sys.executable, "-c", RAISED]).split())
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert said == soft == (65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536))


def test_an_event_loop_that_does_not_run_holds_no_file() -> None:
    before = open_files()
    loops = [LazyEventLoop() for _ in range(5)]
    assert open_files() == before
    for loop in loops:
        loop.close()
        assert loop.is_closed()


def test_such_a_loop_runs_like_any_other_and_closes_its_files() -> None:
    async def work() -> int:
        return await asyncio.to_thread(lambda: 5)

    before = open_files()
    loop = LazyEventLoop()
    assert loop.run_until_complete(work()) == 5
    assert loop.run_until_complete(work()) == 5
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    assert open_files() == before
