"""Everything that the sandbox answers and sends, held against the types of Stripe's own SDKs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from functools import cache
from typing import IO, Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.support.older_sdk import node_types
from tests.support.older_sdk.installed import ROOT, python_sdk

TYPES: dict[str, tuple[str | None, str]] = {
    "2022-11-15": (None, "12.18.0"),
    "2023-08-16": (None, "13.11.0"),
    "2023-10-16": ("8.11.1", "14.25.0"),
    "2024-04-10": ("9.12.1", "15.12.0"),
    "2024-06-20": ("10.12.1", "16.12.0"),
    "2024-11-20.acacia": ("11.3.0", "17.4.0"),
    "2025-02-24.acacia": ("11.6.1", "17.7.0"),
    "2025-03-31.basil": ("12.0.1", "18.0.0"),
    "2025-08-27.basil": ("12.5.2", "18.5.0"),
    "2025-10-29.clover": ("13.2.1", "19.3.1"),
    "2026-02-25.clover": ("14.4.2", "20.4.1"),
    "2026-03-25.dahlia": ("15.0.1", "21.0.1"),
    "2026-05-27.dahlia": ("15.2.1", "22.2.3"),
    "2026-08-26.dahlia": ("15.6.2", "22.6.2"),
    "2026-10-28.endive": ("16.1.0", "23.1.0"),
}
"""The releases of stripe-python and stripe-node whose version it is: their types say what its
objects hold. stripe-python has none before 2023-10-16."""


class Answers:
    """The objects that a sandbox answered, by API version."""

    def __init__(self) -> None:
        self.by_version: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self.notifications: list[dict[str, Any]] = []
        """Thin events as they were delivered, which are of no version."""

    def around(self, app: ASGIApp) -> ASGIApp:
        """The sandbox's app, whose answers are remembered from now on."""

        async def remembering(scope: Scope, receive: Receive, send: Send) -> None:
            body = bytearray()
            version = ""

            async def watched(message: Message) -> None:
                nonlocal version
                if message["type"] == "http.response.start" and message["status"] == 200:
                    version = dict(message["headers"]).get(b"stripe-version", b"").decode()
                body.extend(message.get("body", b""))
                await send(message)

            await app(scope, receive, watched)
            if version and scope["path"].startswith(("/v1/", "/v2/")):
                self._remember(version, json.loads(body))

        return remembering

    def _remember(self, version: str, answer: dict[str, Any]) -> None:
        """Events are of their own version, whatever that of the request is."""
        kind = answer.get("object")  # a list of /v2 has none
        if kind == "list" and "/v1/events" in answer["url"]:
            for event in answer["data"]:
                self.by_version[event["api_version"]].append(event)
        else:
            own = answer["api_version"] if kind == "event" else version
            self.by_version[own].append(answer)

    def faults(self) -> list[str]:
        """Where the objects depart from the types of their version."""
        return [
            f"{version}: {fault}"
            for version, objects in sorted(self.by_version.items())
            for fault in [
                *_faults(version, objects),
                *_notification_faults(version, self.notifications),
            ]
        ]


def _faults(version: str, objects: list[dict[str, Any]]) -> list[str]:
    python, node = TYPES[version]
    types = node_types.node_types(node)
    found = {fault for one in objects for fault in node_types.faults(one, types)}
    return sorted(found) + (_python_faults(python, objects) if python else [])


def _notification_faults(version: str, notifications: list[dict[str, Any]]) -> list[str]:
    types = node_types.node_types(TYPES[version][1])
    faults = node_types.notification_faults
    return sorted({fault for one in notifications for fault in faults(one, types)})


def _python_faults(release: str, objects: list[dict[str, Any]]) -> list[str]:
    asked, answered = _reader_of_types(release)
    asked.write(f"{json.dumps(objects)}\n")
    asked.flush()
    found: list[str] = json.loads(answered.readline())
    return found


@cache
def _reader_of_types(release: str) -> tuple[IO[str], IO[str]]:
    """Where a process takes objects and says their faults by that release's types; it ends with
    this one."""
    paths = os.pathsep.join((str(python_sdk(release)), str(ROOT)))
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.older_sdk.published_types"],
        env={**os.environ, "PYTHONPATH": paths},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout
