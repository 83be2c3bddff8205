"""`python -m stripe_sandbox`: the sandbox alone, on a port of its own."""

from __future__ import annotations

import argparse
import logging
import socket
from pathlib import Path

import uvicorn

from stripe_sandbox.sandbox import Sandbox, SandboxConfig


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m stripe_sandbox", description="A local stand-in for Stripe Checkout."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=12111)
    parser.add_argument(
        "--database",
        type=Path,
        default=Path(".data/stripe_sandbox.sqlite3"),
        help="the file that keeps its state",
    )
    parser.add_argument("--public-url", help="where people reach it, when not as they ask for it")
    parser.add_argument(
        "--delay", type=float, default=0.0, help="seconds before each answer of the API"
    )
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO)
    config = SandboxConfig(
        database=options.database,
        base_url=options.public_url,
        delay=options.delay,
    )
    sandbox = Sandbox(config)
    try:
        family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
        with socket.create_server((options.host, options.port), family=family) as listener:
            port = listener.getsockname()[1]
            print(  # the command's own words
                f"Stripe sandbox: http://{options.host}:{port} (its API is under /v1 and takes any "
                "key that begins sk_test_)",
                flush=True,
            )
            server = uvicorn.Server(
                uvicorn.Config(sandbox.asgi, log_level="warning", access_log=False)
            )
            server.run(sockets=[listener])
    finally:
        sandbox.close()


if __name__ == "__main__":
    main()
