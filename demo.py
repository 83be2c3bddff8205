"""``make demo``: the dashboard with a month of demo data, in a folder of its own that is deleted at
the end. Where the network reaches it, it prints one link and its QR code, which a phone can open:
who opens it may use the demo, and nobody else."""

from __future__ import annotations

import argparse
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import segno

from billing.access.demo_link import DemoLink
from billing.http.guards.listening import is_loopback

ROOT = Path(__file__).parent
SETTINGS = re.compile(r"STRIPE_|PINGPOINT_|DATABASE_URL$|BILLING_")
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - what somebody may ask for, not what is bound here
ANSWERS_WITHIN = 90.0
SECRET_BYTES = 18
SOMEWHERE_ELSE = ("192.0.2.1", 9)  # https://www.rfc-editor.org/rfc/rfc5737: nothing is sent there


def network_address() -> str:
    """This machine's address in its network; 127.0.0.1 where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(SOMEWHERE_ELSE)
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def environment(url: str, secret: str | None) -> dict[str, str]:
    """That of a demo: no setting of the surrounding one reaches it."""
    inherited = {name: value for name, value in os.environ.items() if not SETTINGS.match(name)}
    link = {"BILLING_DEMO_LINK": secret} if secret else {}
    return inherited | {"BILLING_DEMO": "1", "PINGPOINT_PUBLIC_URL": url} | link


def announce(url: str, secret: str | None) -> None:
    """Print the link once the demo answers, with its QR code where it has a ``secret``."""
    deadline = time.monotonic() + ANSWERS_WITHIN
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"{url}/api/billing/health", timeout=5).close()  # noqa: S310
            break
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    else:
        return
    if secret is None:
        print(f"\nThe demo is ready: {url}", flush=True)
    else:
        link = f"{url}{DemoLink(secret).path}"
        print(f"\nThe demo is ready: {link}", flush=True)
        segno.make_qr(link).terminal(compact=True)
        print("Scan it with a phone in the same network. Whoever has this link", flush=True)
        print("can use the demo until it ends; nobody else can.", flush=True)
    print("Everything is deleted when you press Ctrl+C.", flush=True)


def main() -> int:
    """Run the demo until it is told to stop; the dashboard's exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="localhost")
    parser.add_argument("--port", default="8501", type=int)
    asked = parser.parse_args()
    seen_as = network_address() if asked.host in EVERYWHERE else asked.host
    url = f"http://{f'[{seen_as}]' if ':' in seen_as else seen_as}:{asked.port}"
    secret = None if is_loopback(asked.host) else secrets.token_urlsafe(SECRET_BYTES)
    command = [
        *(sys.executable, "-m", "streamlit", "run", str(ROOT / "streamlit_app.py")),
        *("--server.port", str(asked.port), "--server.address", asked.host),
        *("--logger.hideWelcomeMessage", "true"),  # the link that counts is printed below
    ]
    with tempfile.TemporaryDirectory(prefix="billing-demo-") as folder:
        # In a group of its own, so that Ctrl+C reaches it once: from here.
        running = subprocess.Popen(  # noqa: S603 - no shell, our own command
            command, cwd=folder, env=environment(url, secret), start_new_session=True
        )
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: running.terminate())
        threading.Thread(target=announce, args=(url, secret), daemon=True).start()
        return running.wait()


if __name__ == "__main__":
    sys.exit(main())
