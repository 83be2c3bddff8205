"""Open billing pages, as browsers hold them: a WebSocket each, whose live parts are rerun.

``python -m benchmarks.pages.open_pages http://localhost:8501 5`` prints ``open`` when all pages are
shown, keeps them refreshing until its input ends, then prints how many refreshes there were.
What a browser does beyond that (drawing) would cost the machine, not the server.
"""

from __future__ import annotations

import asyncio
import sys

import aiohttp
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.support.event_loop import run

STREAM = "/app/_stcore/stream"
PAGE = "billing"


class Page:
    """One open page. ``shown`` is set after its first run; ``refreshes`` counts its live parts'."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.shown = asyncio.Event()
        self.refreshes = 0
        self._socket = socket
        self._timers: dict[str, asyncio.Task[None]] = {}

    async def follow(self) -> None:
        """Ask for the page and do as the browser does, until the connection ends."""
        await self._rerun()
        async for received in self._socket:
            message = ForwardMsg.FromString(received.data)
            match message.WhichOneof("type"):
                case "auto_rerun":
                    self._repeat(message.auto_rerun.fragment_id, message.auto_rerun.interval)
                case "script_finished":
                    self._finished(message)

    def close(self) -> None:
        for timer in self._timers.values():
            timer.cancel()

    def _finished(self, message: ForwardMsg) -> None:
        status = message.script_finished
        if status == ForwardMsg.FINISHED_SUCCESSFULLY:
            self.shown.set()
        elif status == ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY:
            self.refreshes += 1

    def _repeat(self, fragment: str, seconds: float) -> None:
        async def repeat() -> None:
            while True:
                await asyncio.sleep(seconds)
                await self._rerun(fragment)

        if fragment not in self._timers:
            self._timers[fragment] = asyncio.create_task(repeat())

    async def _rerun(self, fragment: str = "") -> None:
        wanted = BackMsg()
        wanted.rerun_script.page_name = PAGE
        wanted.rerun_script.fragment_id = fragment
        wanted.rerun_script.is_auto_rerun = bool(fragment)
        wanted.rerun_script.context_info.timezone = "UTC"
        await self._socket.send_bytes(wanted.SerializeToString())


async def hold_open(url: str, count: int) -> int:
    """Hold ``count`` pages open until standard input ends; returns their refreshes."""
    async with aiohttp.ClientSession() as http:
        sockets = [
            await http.ws_connect(url + STREAM, protocols=("streamlit",), max_msg_size=0)
            for _ in range(count)
        ]
        pages = [Page(socket) for socket in sockets]
        following = [asyncio.create_task(page.follow()) for page in pages]
        for page in pages:
            await page.shown.wait()
        print("open", flush=True)
        await asyncio.to_thread(sys.stdin.read)
        for page, socket, task in zip(pages, sockets, following, strict=True):
            page.close()
            await socket.close()
            await task
        return sum(page.refreshes for page in pages)


if __name__ == "__main__":
    print(run(hold_open(sys.argv[1], int(sys.argv[2]))))
