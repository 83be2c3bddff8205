"""Reads and writes of the local sandbox, beside localstripe and stripe-stateful-mock."""

from __future__ import annotations

import json
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import requests

from benchmarks.peers.stand_ins import localstripe, stateful_mock
from benchmarks.report.figures import (
    RUNS,
    THIS_APP,
    Goal,
    NotAvailable,
    Section,
    absolute,
    goal,
    interleaved,
)
from benchmarks.support.processes import result_of, running
from benchmarks.support.tally import Load
from tests.support.servers.server import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.peers.stand_ins import Serving
    from benchmarks.report.figures import Table

OLDEST = "2022-11-15"
OLD = f"{THIS_APP}, version {OLDEST}"
LOCALSTRIPE, MOCK = "localstripe", "stripe-stateful-mock"
CUSTOMERS = 2_000
CONNECTIONS = (1, 32)
AUTHORIZATION = "Authorization: Basic c2tfdGVzdF9iZW5jaDo="  # sk_test_bench
RATE, MEDIAN, SLOWEST, TAIL, START = "a second", "median ms", "p99 ms", "p99 of median", "start s"
STARTED_WITHIN = 30.0
ABOUT = (
    f"The same requests to each, {CUSTOMERS:,} customers in it at first, 1 and 32 connections, "
    "each with one request at a time. localstripe writes its whole store to disk with each object, "
    "stripe-stateful-mock writes nothing to disk, this app's sandbox each object."
)


@dataclass(frozen=True)
class Operation:
    """A request whose path may name a ``{customer}`` or an ``{invoice}``."""

    name: str
    method: str
    path: str
    form: str = ""
    is_write: bool = False


READ = Operation("read a customer", "GET", "/v1/customers/{customer}")
LIST = Operation("list 100 customers", "GET", "/v1/customers?limit=100")
INVOICE = Operation("read an invoice", "GET", "/v1/invoices/{invoice}")  # which versions changed
CUSTOMER = Operation("write a customer", "POST", "/v1/customers", "email=new%40example.com", True)
PRODUCT = Operation("write a product", "POST", "/v1/products", "name=Benchmark", True)
SHARED = (READ, LIST, CUSTOMER, PRODUCT)


@dataclass(frozen=True)
class StandIn:
    """A running stand-in, and what stands in its paths."""

    url: str
    ids: dict[str, str]
    version: str = ""

    def measured(self, operation: Operation, connections: int, seconds: float) -> dict[str, float]:
        """The operation's figures."""
        headers = [AUTHORIZATION, *([f"Stripe-Version: {self.version}"] if self.version else [])]
        arguments = (
            *("--method", operation.method, "--form", operation.form),
            *(part for header in headers for part in ("--header", header)),
            *("--connections", str(connections)),
            *("--warm-up", str(seconds / 4), "--seconds", str(seconds)),
        )
        url = f"{self.url}{operation.path.format(**self.ids)}"
        load = Load.from_json(result_of("support.load", url, *arguments, timeout=seconds + 60))
        assert not load.errors, f"{operation.name}: {load.errors} requests failed"
        return {
            RATE: load.per_second,
            MEDIAN: load.median_ms,
            SLOWEST: load.p99_ms,
            TAIL: load.p99_ms / load.median_ms,
        }


def section(quick: bool) -> Section:
    """Rates and times of each operation, and how soon each starts."""
    seconds, runs = (1.5, 1) if quick else (2.0, RUNS)
    left_out: list[str] = []
    servings: dict[str, Serving] = {THIS_APP: this_app}
    made: dict[str, Callable[[], Serving]] = {
        LOCALSTRIPE: partial(localstripe, CUSTOMERS),
        MOCK: stateful_mock,
    }
    for name, install in made.items():
        try:
            servings[name] = install()
        except NotAvailable as missing:
            left_out.append(f"{name}: {missing}")
    with ExitStack() as stack:
        running_now: dict[str, StandIn] = {}
        for name, serving in servings.items():
            url = stack.enter_context(started(serving))[0]
            running_now[name] = filled(url, invoice=name == THIS_APP, empty=name != LOCALSTRIPE)
        mine = running_now[THIS_APP]
        running_now[OLD] = StandIn(mine.url, mine.ids, OLDEST)
        rows = {
            row(operation, connections, name): measuring(one, operation, connections, seconds)
            for operation in (*SHARED, INVOICE)
            for connections in CONNECTIONS
            for name, one in running_now.items()
            if operation is not INVOICE or name in (THIS_APP, OLD)
        }
        table, not_measured = interleaved(rows, runs)
    # Without customers in it, so that only the start is measured.
    starts = {name: serving for name, serving in servings.items() if name != LOCALSTRIPE}
    if LOCALSTRIPE in servings:
        starts[LOCALSTRIPE] = localstripe(0)
    begun, _ = interleaved(
        {f"start, {name}": starting(serving) for name, serving in starts.items()}, runs + 2
    )
    return Section(
        "Local sandbox", ABOUT, table | begun, goals(table | begun), left_out + not_measured
    )


def row(operation: Operation, connections: int, name: str) -> str:
    return f"{operation.name}, {connections} at once, {name}"


def measuring(
    one: StandIn, operation: Operation, connections: int, seconds: float
) -> Callable[[], dict[str, float]]:
    return lambda: one.measured(operation, connections, seconds)


def starting(serving: Serving) -> Callable[[], dict[str, float]]:
    def measure() -> dict[str, float]:
        with started(serving) as (_, seconds):
            return {START: seconds}

    return measure


def goals(table: Table) -> list[Goal]:
    """Reads ahead of both, writes near the one that writes nothing, no slow hundredth."""
    found: list[Goal] = []
    for operation in SHARED:
        for connections in CONNECTIONS:
            own = row(operation, connections, THIS_APP)
            for peer in (LOCALSTRIPE, MOCK):
                other = row(operation, connections, peer)
                wanted = 0.9 if operation.is_write and peer == MOCK else 1.0
                name = f"{operation.name}, {connections} at once: rate, of {peer}"
                found += goal(table, name, (own, RATE), (other, RATE), at_least=wanted)
            tail = f"{operation.name}, {connections} at once: p99 of median"
            found += absolute(table, tail, (own, TAIL), "times", at_most=3)
    for operation in (*SHARED, INVOICE):
        old, own = row(operation, 32, OLD), row(operation, 32, THIS_APP)
        name = f"{operation.name}, 32 at once: time in version {OLDEST}, of the newest"
        found += goal(table, name, (own, RATE), (old, RATE), at_most=1.15)
    return found + absolute(table, "start", (f"start, {THIS_APP}", START), "s", at_most=0.4)


@contextmanager
def this_app(port: int) -> Iterator[object]:
    """``python -m stripe_sandbox`` with a database of its own."""
    with tempfile.TemporaryDirectory(prefix="bench-sandbox-") as folder:
        database = Path(folder) / "sandbox.sqlite3"
        command = ("-m", "stripe_sandbox", "--port", str(port), "--database", str(database))
        with running(*command) as process:
            yield process


@contextmanager
def started(serving: Serving) -> Iterator[tuple[str, float]]:
    """The URL of a stand-in, and the seconds from its start to its first answer."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    began = time.perf_counter()
    with serving(port):
        while True:
            try:
                answer = requests.get(f"{url}/v1/customers", auth=("sk_test_bench", ""), timeout=5)
                assert answer.status_code == 200, answer.text
                break
            except requests.ConnectionError:
                assert time.perf_counter() < began + STARTED_WITHIN, "It did not start"
                time.sleep(0.005)
        yield url, time.perf_counter() - began


def filled(url: str, *, invoice: bool, empty: bool) -> StandIn:
    """The stand-in, once there are customers in it, and an invoice."""
    with requests.Session() as http:
        http.auth = ("sk_test_bench", "")
        form = {"Content-Type": "application/x-www-form-urlencoded"}

        def post(path: str, **values: str) -> str:
            answer = http.post(f"{url}/v1/{path}", urlencode(values), headers=form, timeout=30)
            assert answer.status_code == 200, answer.text
            return str(json.loads(answer.text)["id"])

        if empty:
            for number in range(CUSTOMERS):
                customer = post("customers", email=f"buyer{number}@example.com")
        else:
            listed = http.get(f"{url}/v1/customers?limit=1", timeout=30).json()
            customer = listed["data"][0]["id"]
        ids = {"customer": customer}
        if invoice:
            post("invoiceitems", customer=customer, amount="990", currency="usd")
            ids["invoice"] = post(
                "invoices", customer=customer, pending_invoice_items_behavior="include"
            )
    return StandIn(url, ids)
