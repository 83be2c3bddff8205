"""The log of a whole process, with the loggers of the libraries that it runs on."""

from __future__ import annotations

import subprocess
import sys

LOGS = r"""
import asyncio, logging, threading, traceback, warnings
import uvicorn
from streamlit import config
from streamlit.error_util import _log_uncaught_app_exception
from streamlit.logger import get_logger

config.get_config_options()
early = get_logger("streamlit.early")
uvicorn.Config(None, use_colors=False).configure_logging()

from billing.logs import configure_logging
configure_logging()

HOSTILE = "sk_test_hunter2\n2027-01-01 00:00:00,000 INFO    billing: forged\x1b[31m"
class Shown:
    def __str__(self):
        return HOSTILE

def raised():
    try:
        raise ValueError(HOSTILE)
    except ValueError as error:
        raise RuntimeError("http://u:hunter2@db") from error

names = ("billing.x", "stripe_sandbox.x", "root", "uvicorn.error", "asyncio", "sqlalchemy",
         "late.library")
for logger in (early, get_logger("streamlit.late"), *map(logging.getLogger, names)):
    logger.warning("said %s", Shown())
    logger.warning(HOSTILE)
    try:
        raised()
    except RuntimeError:
        logger.exception("failed", stack_info=True)
logging.getLogger("uvicorn.error").error("Traceback (most recent call last):\n" + HOSTILE)
access = logging.getLogger("uvicorn.access")
access.info('%s - "%s %s HTTP/%s" %d', "127.0.0.1:1", "GET", "/?password=hunter2", "1.1", 200)
access.warning("no access line: sk_test_hunter2")
logging.getLogger("billing.x").warning("wrong %s %s", "whsec_hunter2")
warnings.warn(HOSTILE)
thread = threading.Thread(target=raised)
thread.start()
thread.join()

async def task():
    loop = asyncio.get_running_loop()
    loop.call_exception_handler({"message": HOSTILE, "exception": ValueError(HOSTILE)})
asyncio.run(task())
_log_uncaught_app_exception(ValueError(HOSTILE))
print("it went on", flush=True)
raised()
"""


def test_no_logger_and_no_handler_tells_a_secret_or_lets_a_line_be_forged() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", LOGS], capture_output=True, text=True, check=False, timeout=60
    )
    assert "it went on" in ended.stdout, ended.stderr
    assert "hunter2" not in ended.stderr
    assert "\x1b" not in ended.stderr
    lines = ended.stderr.splitlines()
    assert not [line for line in lines if line.startswith("2027")]
    assert sum(line.count("said [secret]\\n2027") for line in lines) == 9
    assert len([line for line in lines if "RuntimeError: http://u:[secret]@db" in line]) == 11
    assert '"GET /?password=[secret] HTTP/1.1" 200' in ended.stdout
    assert any("wrong" in line and "[secret]" in line for line in lines)
    assert any("py.warnings" in line and "[secret]" in line for line in lines)
    assert any("the process ends" in line for line in lines)
    assert "Logging error" not in ended.stderr
