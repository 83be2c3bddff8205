"""Open pages, as browsers hold them: two WebSockets each, one of Streamlit's and one that says what
has changed. The live parts that show it are run again, as ``change_feed.html`` has them.

``python -m benchmarks.pages.open_pages http://localhost:8501 5 sessions`` prints ``open`` when all
pages are shown (billing's when none is named). For each line of its input it answers, as JSON, when
each page had a part drawn with that text (Unix seconds, or null); and when the input ends, how
often parts were run.
What a browser does beyond that (drawing) would cost the machine, not the server.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.support.event_loop import run
from billing.urls import CHANGES_PATH

STREAM = "/app/_stcore/stream"
BILLING = "billing"
BURST = 4  # runs of a part that need no long pause between them
COMMITS_SECONDS = 0.5  # within which a payment's changes follow one another
OPENED_AT_ONCE = 10
FIND_SECONDS = 30.0  # after which a page does not show it


@dataclass
class Part:
    """A live part: the widget by which it listens, and what it has drawn."""

    fragment: str
    widget: str
    data: dict[str, Any]
    runs: list[float] = field(default_factory=list)

    def is_behind(self, numbers: dict[str, int]) -> bool:
        seen = self.data["numbers"]
        return any(numbers[topic] > seen[topic] for topic in self.data["topics"])

    def pause(self, now: float) -> float:
        """Seconds until it may run again."""
        latest = self.runs[-1] + COMMITS_SECONDS if self.runs else 0
        many = (
            self.runs[-BURST] + BURST * float(self.data["pause"]) if len(self.runs) == BURST else 0
        )
        return max(0, latest - now, many - now)


class Page:
    """One open page. ``shown`` is set after its first run; ``refreshes`` counts its live parts'."""

    def __init__(
        self,
        name: str,
        stream: aiohttp.ClientWebSocketResponse,
        changes: aiohttp.ClientWebSocketResponse,
    ) -> None:
        self._name = name
        self.shown = asyncio.Event()
        self.refreshes = 0
        self._stream = stream
        self._changes = changes
        self._parts: dict[str, Part] = {}
        self._numbers: dict[str, int] = {}
        self._text = b""
        self._found: asyncio.Future[float] | None = None

    async def follow(self) -> None:
        """Ask for the page and do as the browser does, until the connections end."""
        await self._rerun()
        await asyncio.gather(self._draw(), self._listen())

    def find(self, text: str) -> asyncio.Future[float]:
        """When a part is drawn with the text."""
        self._text = text.encode()
        self._found = asyncio.get_running_loop().create_future()
        return self._found

    async def close(self) -> None:
        await self._stream.close()
        await self._changes.close()

    async def _draw(self) -> None:
        async for received in self._stream:
            if self._found and not self._found.done() and self._text in received.data:
                self._found.set_result(time.time())
            message = ForwardMsg.FromString(received.data)
            match message.WhichOneof("type"):
                case "delta":
                    self._note_part(message)
                case "script_finished":
                    self._finished(message)
                    await self._catch_up()

    async def _listen(self) -> None:
        async for received in self._changes:
            self._numbers = json.loads(received.data)["numbers"]
            await self._catch_up()

    def _note_part(self, message: ForwardMsg) -> None:
        component = message.delta.new_element.bidi_component
        if component.component_name == "live_part":
            data = json.loads(component.json or component.mixed.json)
            fragment = message.delta.fragment_id
            former = self._parts.get(fragment)
            runs = former.runs if former else []
            self._parts[fragment] = Part(fragment, component.id, data, runs)

    def _finished(self, message: ForwardMsg) -> None:
        status = message.script_finished
        if status == ForwardMsg.FINISHED_SUCCESSFULLY:
            self.shown.set()
        elif status == ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY:
            self.refreshes += 1

    async def _catch_up(self) -> None:
        """Run the parts whose topics have changed."""
        now = time.monotonic()
        for part in self._parts.values():
            if self._numbers and part.is_behind(self._numbers):
                if wait := part.pause(now):
                    asyncio.get_running_loop().call_later(wait, self._catch_up_soon)
                    continue
                part.runs = [*part.runs, now][-BURST:]
                part.data["numbers"] = self._numbers
                await self._rerun(part)

    def _catch_up_soon(self) -> None:
        self._later = asyncio.ensure_future(self._catch_up())

    async def _rerun(self, part: Part | None = None) -> None:
        wanted = BackMsg()
        asked = wanted.rerun_script
        asked.page_name = self._name
        asked.context_info.timezone = "UTC"
        if part:
            asked.fragment_id = part.fragment
            state = asked.widget_states.widgets.add()
            state.id = f"$$STREAMLIT_INTERNAL_KEY_{part.widget}__events"
            state.json_trigger_value = json.dumps([{"event": "changed", "value": True}])
        if not self._stream.closed:
            await self._stream.send_bytes(wanted.SerializeToString())


async def hold_open(url: str, count: int, name: str = BILLING) -> int:
    """Hold ``count`` pages open until standard input ends; returns their refreshes."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        pages: list[Page] = []
        following = []
        while len(pages) < count:
            more = min(OPENED_AT_ONCE, count - len(pages))
            new = [await _opened(http, url, name) for _ in range(more)]
            following += [asyncio.create_task(page.follow()) for page in new]
            for page in new:
                await page.shown.wait()
            pages += new
        print("open", flush=True)
        while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
            found = [page.find(line) for page in pages]
            await asyncio.wait(found, timeout=FIND_SECONDS)
            shown = [one.result() if one.done() else None for one in found]
            print(json.dumps(shown), flush=True)
        for page, task in zip(pages, following, strict=True):
            await page.close()
            await task
        return sum(page.refreshes for page in pages)


async def _opened(http: aiohttp.ClientSession, url: str, name: str) -> Page:
    return Page(
        name,
        await http.ws_connect(url + STREAM, protocols=("streamlit",), max_msg_size=0),
        await http.ws_connect(url + CHANGES_PATH),
    )


if __name__ == "__main__":
    print(run(hold_open(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])))
