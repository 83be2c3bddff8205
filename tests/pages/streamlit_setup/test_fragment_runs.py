"""A fragment that runs as another one ends, in Streamlit's own runtime."""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import Runtime, RuntimeConfig, SessionClient, app_session
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

from pages.streamlit_setup.fragment_runs import separate_fragment_runs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

SCRIPT = f"""
import streamlit as st
from {__name__} import PRESSED, GOES_ON

presses = st.session_state.setdefault("presses", [])

@st.fragment
def card():
    place = st.empty()
    if place.button("Pay", on_click=presses.append, args=(True,)):
        PRESSED.set()
        GOES_ON.wait(10)
        place.container().text("Paid")

@st.fragment
def rows():
    count = len(presses)
    st.text(f"Rows, {{count}} press{{'' if count == 1 else 'es'}}")

card()
if st.button("Elsewhere", on_click=presses.append, args=(True,)):
    st.text("Pressed elsewhere")
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

    def drawn(self, text: str) -> Delta:
        """What was last drawn with the text."""
        return next(
            one.delta for one in reversed(self.received) if text in str(one.delta.new_element)
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


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of a page with two fragments, where their runs are kept apart."""
    for owner, name in (
        (AppSession, "_create_scriptrunner"),
        (AppSession, "request_rerun"),
        (app_session, "ForwardMsgQueue"),
    ):
        monkeypatch.setattr(owner, name, getattr(owner, name))  # as it is, after the test
    separate_fragment_runs()
    for event in (PRESSED, GOES_ON):
        event.clear()
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    return script


def rerun(fragment: str, pressed: str = "", *, by_timer: bool = False) -> BackMsg:
    """What a browser asks for, with the button that was pressed."""
    state = ClientState(fragment_id=fragment, is_auto_rerun=by_timer)
    if pressed:
        state.widget_states.widgets.add(id=pressed, trigger_value=True)
    return BackMsg(rerun_script=state)


@pytest.mark.parametrize("still_runs", [True, False], ids=["still runs", "has just ended"])
def test_a_fragment_is_shown_whole_though_another_is_asked_for_while_it(
    script: Path, still_runs: bool
) -> None:
    async def press_and_ask_for_rows() -> list[str]:
        async with session_of(script) as (session, browser):
            card, rows = browser.drawn("Pay"), browser.drawn("Rows")
            browser.received.clear()
            session.handle_backmsg(rerun(card.fragment_id, card.new_element.button.id))
            assert PRESSED.wait(10)
            if not still_runs:
                GOES_ON.set()
                end_of_runs()
            session.handle_backmsg(rerun(rows.fragment_id))
            GOES_ON.set()
            end_of_runs()
            await session.wait_until_settled()
            return browser.shown

    assert asyncio.run(press_and_ask_for_rows()) == ["Paid", DONE, "Rows, 1 press", DONE]


def test_a_press_that_a_timers_run_brings_as_well_counts_once(script: Path) -> None:
    async def press_as_rows_run() -> list[str]:
        async with session_of(script) as (session, browser):
            card, rows = browser.drawn("Pay"), browser.drawn("Rows")
            pressed = card.new_element.button.id
            browser.received.clear()
            GOES_ON.set()
            session.handle_backmsg(rerun(rows.fragment_id, pressed, by_timer=True))
            end_of_runs()
            session.handle_backmsg(rerun(card.fragment_id, pressed))
            await session.wait_until_settled()
            session.handle_backmsg(rerun(rows.fragment_id))
            await session.wait_until_settled()
            return [one for one in browser.shown if one != DONE]

    assert asyncio.run(press_as_rows_run()) == ["Rows, 0 presses", "Paid", "Rows, 1 press"]


@pytest.mark.parametrize(
    ("button", "drawn"),
    [
        ("Pay", {"Rows, 0 presses", "Rows, 1 press", "Paid"}),
        ("Elsewhere", {"Rows, 1 press", "Pressed elsewhere"}),
    ],
)
def test_a_press_that_is_sent_for_another_fragment_runs_its_own(
    script: Path, button: str, drawn: set[str]
) -> None:
    async def press_for_rows() -> list[str]:
        async with session_of(script) as (session, browser):
            rows, pressed = browser.drawn("Rows"), browser.drawn(button).new_element.button.id
            browser.received.clear()
            GOES_ON.set()
            session.handle_backmsg(rerun(rows.fragment_id, pressed))
            await session.wait_until_settled()
            return browser.shown

    # Rows run either before it or, where the two come together, in one run with it.
    shown = set(asyncio.run(press_for_rows())) - {DONE, "FINISHED_SUCCESSFULLY"}
    assert shown <= drawn
    assert len(shown) == 2
