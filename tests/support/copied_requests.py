"""Requests that are hard to copy, and what the log of a sandbox says of their copies."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from billing.json_codec import dumps
from billing.request_log.as_code import as_node
from tests.support.logged_request import REQUEST
from tests.support.older_sdk.installed import NODE, node_sdk
from tests.support.older_sdk.runs import FailedError
from tests.support.stripe.sandbox_server import KEY, sandbox_server

if TYPE_CHECKING:
    from billing.domain.logged_request import LoggedRequest
    from tests.support.stripe.sandbox_server import SandboxServer

MOUNT = "/sandbox"  # where the sandbox is to be served, as in the product
VERSION = "2025-03-31.basil"
NOTES = {
    "quotes": """it's "so", `so` and \\so\\""",
    "shell": "$5 $HOME $(id) !! #1 *?{a,b} @file & | ; %41 + =",
    "lines": "one\ntwo\n\n\tthree ",
    "unicode": "Zoë · 東京 · 🧾",
    "a key & more+": "x",
}
FORM = {
    "name": "Ann O'Hara <ann>",
    "metadata": NOTES,
    "address": {"line1": "1 $treet", "city": ""},
    "preferred_locales": ["de", "en-GB"],
    "shipping": {"name": "@home", "address": {"line1": "2", "country": "DE"}},
    "expand": ["tax", "subscriptions"],
}
LIST = {
    "email": "a+b@example.com",
    "limit": "3",
    "created": {"gte": "1"},
    "expand": ["data.tax"],
}
DESTINATION = {
    "name": NOTES["quotes"] + NOTES["lines"],
    "type": "webhook_endpoint",
    "event_payload": "thin",
    "enabled_events": ["v1.customer.created"],
    "webhook_endpoint": {"url": "https://example.com/$hook?a='b'"},
    "metadata": {"shell": NOTES["shell"], "unicode": NOTES["unicode"]},
}
CASES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("POST", "/v1/customers", FORM),
    ("GET", "/v1/customers", LIST),
    ("POST", "/v1/customers", {}),
    ("DELETE", "/v1/customers/cus_none", {}),
    ("DELETE", "/v1/subscriptions/sub_none", {"cancellation_details": {"comment": NOTES["shell"]}}),
    ("POST", "/v2/core/event_destinations", DESTINATION),
    ("GET", "/v2/core/event_destinations", {"limit": "1"}),
)


def logged(method: str, path: str, params: Any) -> LoggedRequest:
    """As it stands in a log."""
    return replace(
        REQUEST,
        method=method,
        path=path,
        params=dumps(params) if params else "",
        api_version="" if path.startswith("/v2") else VERSION,
    )


def arrived(server: SandboxServer) -> tuple[str, str, Any, str]:
    """The newest request in the log: method, path, parameters, version."""
    (newest,) = server.control("GET", "requests?limit=1")["data"]
    found = server.control("GET", f"requests/{newest['id']}")
    version = "" if found["path"].startswith("/v2") else found["api_version"]
    return found["method"], found["path"], found["params"] or {}, version


def expected(request: LoggedRequest, params: Any) -> tuple[str, str, Any, str]:
    """What ``arrived`` says of a copy of the request."""
    return request.method, request.path, params, request.api_version


def run_copied_node(_: SandboxServer) -> None:
    """Run each copy with the newest SDK for node, against a sandbox at the address that it has in
    the product. FailedError: what did not pass."""
    modules = node_sdk(NODE[max(NODE)]).parent
    with sandbox_server(None, path=MOUNT) as server:
        for case in CASES:
            request = logged(*case)
            done = subprocess.run(
                ["node", "-e", as_node(request, server.url + MOUNT)],
                env={**os.environ, "NODE_PATH": str(modules), "STRIPE_SECRET_KEY": KEY},
                capture_output=True, text=True, timeout=60, check=False,
            )  # fmt: skip
            if arrived(server) != expected(request, case[2]):
                raise FailedError(f"{case[:2]}: {arrived(server)} {done.stderr}")
