"""`python -m stripe_sandbox`: the sandbox alone, on a port of its own."""

from __future__ import annotations

import argparse
import logging
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
        base_url=options.public_url and options.public_url.rstrip("/"),
        delay=options.delay,
    )
    sandbox = Sandbox(config)
    print(  # the command's own words
        f"Stripe sandbox: http://{options.host}:{options.port}/v1 (any key that begins sk_test_)",
        flush=True,
    )
    try:
        uvicorn.run(
            sandbox.asgi,
            host=options.host,
            port=options.port,
            log_level="warning",
            access_log=False,
        )
    finally:
        sandbox.close()


if __name__ == "__main__":
    main()
