"""The command `python -m stripe_sandbox`: the sandbox alone, on a port of its own."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn

from stripe_sandbox.api.auth import is_test_key
from stripe_sandbox.api.host_guard import HostGuard
from stripe_sandbox.http_protocol import HttpProtocol
from stripe_sandbox.request_log.log import SIZE
from stripe_sandbox.sandbox import Sandbox, SandboxConfig
from stripe_sandbox.storage.unusable import UnusableDatabaseError
from stripe_sandbox.versions.releases import NEWEST, OLDEST, RELEASES
from stripe_sandbox.webhooks.delivery import RETRY_SCHEDULES

_ALL_INTERFACES = ("", "0.0.0.0", "::")  # noqa: S104  # recognized, not bound to
MAXIMUM_CONNECTIONS = 1_000
API_KEY = "STRIPE_SANDBOX_API_KEY"
"""In the environment, as other users of the machine can read a command's arguments."""
SHUTDOWN_TIMEOUT = 5
"""Seconds that open connections have after SIGTERM."""


def main() -> None:
    """Serve until interrupted."""
    parser = _parser()
    options = parser.parse_args()
    if options.request_log_size < 0:
        parser.error("--request-log-size must be 0 or more")
    if options.public_url is not None and not is_public_url(options.public_url):
        parser.error("--public-url must be http(s)://HOST[:PORT], without a password")
    api_key = os.environ.get(API_KEY)
    if api_key and not is_test_key(api_key):
        parser.error(f"{API_KEY} must begin with sk_test_ or rk_test_")
    logging.basicConfig(level=logging.INFO)
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    with socket.create_server((options.host, options.port), family=family) as listener:
        public_url = options.public_url or default_url(options.host, listener.getsockname()[1])
        config = SandboxConfig(
            database=options.database,
            base_url=public_url,
            delay=options.delay,
            deliver_to=tuple(options.deliver_to),
            api_key=api_key or None,
            api_version=options.api_version,
            retry_delays=RETRY_SCHEDULES[options.webhook_retries],
            request_log_size=options.request_log_size,
        )
        try:
            sandbox = Sandbox(config)
        except UnusableDatabaseError as error:
            parser.exit(1, f"{error}\n")
        names = (*options.allowed_host, options.host)
        app = HostGuard(sandbox.asgi, public_url=public_url, names=names)
        print(  # the command's own words
            f"Stripe sandbox: {public_url} (API under /v1; "
            + (f"the key in {API_KEY}" if api_key else "any key that starts with sk_test_")
            + " is accepted)",
            flush=True,
        )
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                http=HttpProtocol,
                log_level="warning",
                access_log=False,
                limit_concurrency=MAXIMUM_CONNECTIONS,
                timeout_graceful_shutdown=SHUTDOWN_TIMEOUT,
            )
        )
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[listener])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m stripe_sandbox",
        description="A local simulation of Stripe Checkout.",
        epilog=f"With {API_KEY} in the environment, that key alone is accepted.",
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: %(default)s)"
    )
    parser.add_argument(
        "--port", type=int, default=12111, help="port to listen on (default: %(default)s)"
    )
    parser.add_argument(
        "--database",
        type=Path,
        default=Path(".data/stripe_sandbox.sqlite3"),
        help="SQLite file for the sandbox's data (default: %(default)s)",
    )
    parser.add_argument(
        "--public-url",
        help="base URL of the sandbox in browsers, used in Checkout links (default: the address "
        "it listens on, or localhost)",
    )
    parser.add_argument(
        "--allowed-host",
        action="append",
        default=[],
        metavar="NAME",
        help="additional host name at which programs reach the sandbox, such as a service name "
        "in a compose file; can be repeated",
    )
    parser.add_argument(
        "--deliver-to",
        action="append",
        default=[],
        metavar="HOST",
        help="public host to which events may be delivered, or * for any; this machine and "
        "private networks are always allowed; can be repeated",
    )
    parser.add_argument(
        "--webhook-retries",
        choices=RETRY_SCHEDULES,
        default="stripe",
        help="when an event that an endpoint did not take is sent again: three times over some "
        "hours as by Stripe (the default), or quick, six times from 5 seconds on",
    )
    parser.add_argument(
        "--delay", type=float, default=0.0, help="seconds to delay each API response"
    )
    parser.add_argument(
        "--api-version",
        choices=RELEASES,
        default=NEWEST,
        metavar="VERSION",
        help="the account's API version, for requests and webhook endpoints that name none "
        f"(default: %(default)s; from {OLDEST} on)",
    )
    parser.add_argument(
        "--request-log-size",
        type=int,
        default=SIZE,
        metavar="REQUESTS",
        help="how many of the latest requests /_control/requests shows, 0 for none "
        "(default: %(default)s)",
    )
    return parser


def default_url(host: str, port: int) -> str:
    """Where a browser on this machine reaches a server that listens on that address."""
    if host in _ALL_INTERFACES:
        host = "localhost"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def is_public_url(url: str) -> bool:
    """Whether the URL can lead browsers here: http or https, a host, no password, no query."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    right = parts.scheme in ("http", "https") and parts.hostname is not None
    return right and not (parts.username or parts.password or parts.query or parts.fragment)
