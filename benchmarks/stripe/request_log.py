"""What the sandbox's log of requests costs: CPU a request, and bytes on the disk; and that no
secret is in it.

Customers are read and written in this process, in short rounds by turns without the log and with
it, so that whatever else the machine does meets both; the quickest of each count.
"""

from __future__ import annotations

import asyncio
import gc
import json
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.support.tables import number, print_table
from stripe_sandbox.parameters import form
from stripe_sandbox.request_log.log import SIZE
from stripe_sandbox.sandbox import Sandbox, SandboxConfig

if TYPE_CHECKING:
    from starlette.types import Message

REQUESTS, ROUND = 10_000, 100
MOST_MICROSECONDS = 50.0
KEY = "sk_test_51BenchmarkOfTheLog"
CARD = {"number": "4000002760003184", "exp_month": "11", "exp_year": "2041", "cvc": "8217"}
ACCOUNT = "000123456789"
SECRETS = (KEY, CARD["number"], f'"{CARD["cvc"]}"', ACCOUNT)
_HEADERS = [
    (b"host", b"localhost"),
    (b"authorization", f"Bearer {KEY}".encode()),
    (b"user-agent", b"Stripe/v1 PythonBindings/16.0.0"),
    (b"x-stripe-client-user-agent", b'{"lang": "python", "publisher": "stripe"}'),
    (b"content-type", b"application/x-www-form-urlencoded"),
]


class Client:
    """Calls a sandbox without a network between."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._customer = ""
        self._sent = 0

    async def start(self) -> None:
        """Make the customer."""
        made = await self.call("POST", "/v1/customers", {"email": "ann@example.com"})
        self._customer = made["id"]

    async def round(self) -> float:
        """Read and write the customer by turns, and have the log written; seconds of CPU."""
        path = f"/v1/customers/{self._customer}"
        gc.collect()
        began = time.process_time()
        for at in range(ROUND // 2):
            self._sent += 1
            await self.call("GET", path)
            await self.call("POST", path, {"name": f"Ann {self._sent}", "metadata": {"at": at}})
        await self.call("GET", "/_control/requests", query=b"limit=1")
        return time.process_time() - began

    async def use_secrets(self) -> None:
        """Requests with what the log must not hold."""
        await self.call("POST", "/v1/payment_methods", {"type": "card", "card": CARD})
        await self.call("POST", "/v1/customers", {"account_number": ACCOUNT, "name": KEY})
        await self.call("GET", f"/v1/customers/{CARD['number']}")

    async def call(
        self, method: str, path: str, fields: dict[str, Any] | None = None, query: bytes = b""
    ) -> Any:
        """What is answered."""
        body = form.encode(fields or {}).encode()
        key = [(b"idempotency-key", f"key-{self._sent}-{path}".encode())] if body else []
        answer = b""

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            nonlocal answer
            answer += message.get("body", b"")

        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "root_path": "",
            "query_string": query,
            "headers": _HEADERS + key,
        }
        await self._sandbox.asgi(scope, receive, send)
        return json.loads(answer)


def measure(*, quick: bool) -> None:
    """Print the table. Fails when a request costs too much, or a secret was written."""
    requests = REQUESTS // 5 if quick else REQUESTS
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, name, "sandbox.sqlite3") for name in ("without", "with")]
        without, more = asyncio.run(_rounds(paths, requests))
        sizes = [path.stat().st_size for path in paths]
        stored = paths[1].read_bytes()
    without, cost = without / ROUND * 1e6, more / ROUND * 1e6
    found = [secret for secret in SECRETS if secret.encode() in stored]
    print_table(
        f"The sandbox's log of {requests:,} requests",
        ("", "without", "with", "the log"),
        [
            ("CPU a request, µs", number(without), number(without + cost), number(cost)),
            (
                "file, MB",
                *(number(one / 1e6, 1) for one in sizes),
                number((sizes[1] - sizes[0]) / 1e6, 1),
            ),
        ],
    )
    if found:
        raise SystemExit(f"Secrets were written to the log: {len(found)} of {len(SECRETS)}.")
    if cost > MOST_MICROSECONDS:
        raise SystemExit(f"A request costs {cost:.0f} µs more; at most {MOST_MICROSECONDS:g}.")


async def _rounds(paths: list[Path], requests: int) -> tuple[float, float]:
    """The quickest round's seconds of CPU, without the log, and more with it."""
    best = [float("inf")] * len(paths)
    async with AsyncExitStack() as stack:
        clients = []
        for path, size in zip(paths, (0, SIZE), strict=True):
            sandbox = Sandbox(SandboxConfig(database=path, request_log_size=size))
            await stack.enter_async_context(sandbox.running())
            clients.append(Client(sandbox))
            await clients[-1].start()
        for _ in range(requests // ROUND):
            for at, client in enumerate(clients):
                best[at] = min(best[at], await client.round())
        for client in clients:
            await client.use_secrets()
    return best[0], best[1] - best[0]
