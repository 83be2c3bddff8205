"""A fragment that runs as another one ends, in Streamlit's own runtime."""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import Runtime, RuntimeConfig, SessionClient, app_session
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

from pages.streamlit_setup.fragment_runs import send_complete_runs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

SCRIPT = f"""
import streamlit as st
from {__name__} import PRESSED, GOES_ON

@st.fragment
def card():
    place = st.empty()
    if place.button("Pay"):
        PRESSED.set()
        GOES_ON.wait(10)
        place.container().text("Paid")

@st.fragment
def rows():
    st.text("Rows")

card()
rows()
"""
PRESSED, GOES_ON = threading.Event(), threading.Event()
DONE = "FINISHED_FRAGMENT_RUN_SUCCESSFULLY"


class Browser(SessionClient):
    """The other end of a session, with all that it was sent."""

    def __init__(self) -> None:
        self.received: list[ForwardMsg] = []

    def write_forward_msg(self, msg: ForwardMsg) -> None:
        self.received.append(msg)

    def element(self, kind: str) -> ForwardMsg:
        """The last one of that kind."""
        return next(
            one
            for one in reversed(self.received)
            if one.delta.new_element.WhichOneof("type") == kind
        )

    @property
    def shown(self) -> list[str]:
        """The texts that were drawn and how runs ended, in order."""
        shown = []
        for one in self.received:
            if one.HasField("script_finished"):
                shown.append(ForwardMsg.ScriptFinishedStatus.Name(one.script_finished))
            elif one.delta.new_element.HasField("text"):
                shown.append(one.delta.new_element.text.body)
        return shown


@asynccontextmanager
async def session_of(script: Path) -> AsyncIterator[tuple[AppSession, Browser]]:
    """A session of Streamlit's, once its browser was sent the whole page."""
    files, media = MemoryUploadedFileManager("/files"), MemoryMediaFileStorage("/media")
    runtime, browser = Runtime(RuntimeConfig(str(script), media, files)), Browser()
    try:
        await runtime.start()
        session = runtime.get_app_session(runtime.connect_session(browser, {}))
        assert session
        session.track_settling()
        session.handle_backmsg(BackMsg(rerun_script=ClientState()))
        await session.wait_until_settled()
        yield session, browser
        runtime.stop()
        await runtime.stopped
    finally:
        Runtime._instance = None


def end_of_runs() -> None:
    """Wait for it, while nothing that they have drawn is handled."""
    for thread in threading.enumerate():
        if thread.name == "ScriptRunner.scriptThread":
            thread.join(10)


@pytest.mark.parametrize("still_runs", [True, False], ids=["still runs", "has just ended"])
def test_a_fragment_is_shown_whole_though_another_is_asked_for_while_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, still_runs: bool
) -> None:
    for owner, name in ((app_session, "ForwardMsgQueue"), (AppSession, "_create_scriptrunner")):
        monkeypatch.setattr(owner, name, getattr(owner, name))  # what it was, after the test
    send_complete_runs()
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)

    async def press_and_ask_for_rows() -> list[str]:
        async with session_of(script) as (session, browser):
            button, rows = browser.element("button").delta, browser.element("text").delta
            press = ClientState(fragment_id=button.fragment_id)
            press.widget_states.widgets.add(id=button.new_element.button.id, trigger_value=True)
            browser.received.clear()
            session.handle_backmsg(BackMsg(rerun_script=press))
            assert PRESSED.wait(10)
            if not still_runs:
                GOES_ON.set()
                end_of_runs()
            session.handle_backmsg(BackMsg(rerun_script=ClientState(fragment_id=rows.fragment_id)))
            GOES_ON.set()
            end_of_runs()
            await session.wait_until_settled()
            return browser.shown

    PRESSED.clear()
    GOES_ON.clear()
    assert asyncio.run(press_and_ask_for_rows()) == ["Paid", DONE, "Rows", DONE]
