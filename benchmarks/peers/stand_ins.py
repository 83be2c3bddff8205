"""Two other stand-ins for Stripe that keep what they are sent, on this machine alone.

Their own commands listen on every address, so each is served by a few lines of its own language.
"""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from benchmarks.report.figures import NotAvailable
from benchmarks.support.processes import environment, running
from tests.support.older_sdk.installed import npm_package
from tests.support.programs_of_others.environments import python_with

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    Serving = Callable[[int], AbstractContextManager[object]]

LOCALSTRIPE = "localstripe==1.15.10"
STATEFUL_MOCK = "stripe-stateful-mock@0.0.16"

# Its store is written to disk anew with each object, so that filling it would take minutes.
_LOCALSTRIPE = """
import sys
from aiohttp import web
from localstripe.resources import Customer, Store
from localstripe.server import app

async def fill(app):
    write, Store.dump_to_disk = Store.dump_to_disk, lambda store: None
    for number in range(int(sys.argv[2])):
        Customer._api_create(email=f"buyer{number}@example.com")
    Store.dump_to_disk = write

app.on_startup.append(fill)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)
"""
_STATEFUL_MOCK = """
const { createExpressApp } = require("stripe-stateful-mock");
require("http").createServer(createExpressApp()).listen(Number(process.argv[1]), "127.0.0.1");
"""


def localstripe(customers: int) -> Serving:
    """What serves localstripe, with so many customers in it, on a port. Raises ``NotAvailable``."""
    try:
        python = python_with("localstripe", (LOCALSTRIPE,), LOCALSTRIPE)
    except subprocess.CalledProcessError:
        raise NotAvailable("localstripe could not be installed") from None
    return lambda port: running("-c", _LOCALSTRIPE, str(port), str(customers), program=str(python))


def stateful_mock() -> Serving:
    """What serves stripe-stateful-mock, empty, on a port. Raises ``NotAvailable``."""
    if not (shutil.which("node") and shutil.which("npm")):
        raise NotAvailable("node and npm are not installed")
    try:
        modules = npm_package("stripe-stateful-mock", STATEFUL_MOCK)
    except subprocess.CalledProcessError:
        raise NotAvailable("stripe-stateful-mock could not be installed") from None
    env = environment(NODE_PATH=str(modules), LOG_LEVEL="silent")
    return lambda port: running("-e", _STATEFUL_MOCK, str(port), program="node", env=env)
