"""Fragments that run by themselves take nothing from others, neither what those have drawn nor what
is pressed in them.

Parts of a page that follow changes run at any moment, so that one often begins as another ends.
Streamlit 1.67 then loses some of what the first has drawn, until that fragment runs once more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.runtime import app_session
from streamlit.runtime.app_session import AppSession, AppSessionState
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

if TYPE_CHECKING:
    from streamlit.runtime.scriptrunner_utils.script_requests import RerunData

TRIGGERS = {"trigger_value", "string_trigger_value", "json_trigger_value", "chat_input_value"}
WHOLE_PAGE = ""

_create_runner = AppSession._create_scriptrunner
_request_rerun = AppSession.request_rerun


class CompleteRuns(ForwardMsgQueue):
    """What is to be sent to a browser; the begin of a fragment's run takes nothing out of it.

    Streamlit's own takes out what that fragment has drawn before, and marks the end of the run
    before it, of whatever fragment, as an interruption: the browser then keeps on the page what
    that run no longer draws.
    """

    def clear(
        self,
        retain_lifecycle_msgs: bool = False,
        fragment_ids_this_run: list[str] | None = None,
    ) -> None:
        if fragment_ids_this_run is None:
            super().clear(retain_lifecycle_msgs)
        else:
            self._delta_index_map = {}  # nothing of this run takes the place of the last one's


def separate_fragment_runs() -> None:
    """Have Streamlit's sessions keep fragments' runs apart, from now on."""
    app_session.ForwardMsgQueue = CompleteRuns  # type: ignore[attr-defined]
    AppSession._create_scriptrunner = _create_after_the_last  # type: ignore[method-assign]
    AppSession.request_rerun = _request_each_fragment  # type: ignore[method-assign]


def _request_each_fragment(self: AppSession, client_state: ClientState | None) -> None:
    """Ask for each fragment in which something was pressed: a browser sends what comes within a
    moment as one request, for the first fragment alone. One that a timer makes has a press in it
    that the browser will send, too: its callback would be called twice."""
    if client_state is None or not client_state.fragment_id:
        _request_rerun(self, client_state)
        return
    values: list[WidgetState] = []
    presses: dict[str, list[WidgetState]] = {client_state.fragment_id: []}
    for one in client_state.widget_states.widgets:
        if one.WhichOneof("value") not in TRIGGERS:
            values.append(one)
        elif not client_state.is_auto_rerun:
            known = self.session_state.get_widget_metadata(one.id)
            fragment = known.fragment_id if known else client_state.fragment_id
            presses.setdefault(fragment or WHOLE_PAGE, []).append(one)
    if WHOLE_PAGE in presses:  # which has all fragments in it
        presses = {WHOLE_PAGE: [one for pressed in presses.values() for one in pressed]}
    for fragment, pressed in presses.items():
        request = ClientState()
        request.CopyFrom(client_state)
        request.fragment_id = fragment
        request.widget_states.CopyFrom(WidgetStates(widgets=[*values, *pressed]))
        _request_rerun(self, request)


def _create_after_the_last(self: AppSession, initial_rerun_data: RerunData) -> None:
    """Create a runner once all that the last one has drawn is in the queue: Streamlit ignores what
    comes from any but the current one, also from one that has just ended."""
    last = self._scriptrunner
    if last is None:
        _create_runner(self, initial_rerun_data)
        return

    def create() -> None:
        current = self._scriptrunner
        if self._state is AppSessionState.SHUTDOWN_REQUESTED:
            return
        if current is None or current is last:
            _create_runner(self, initial_rerun_data)
        elif not current.request_rerun(initial_rerun_data):
            _create_after_the_last(self, initial_rerun_data)

    self._call_soon_on_event_loop(create)
