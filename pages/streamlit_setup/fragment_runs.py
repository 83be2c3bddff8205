"""What a run of a fragment has drawn reaches the browser, also where another run follows at once.

Parts of a page that follow changes run at any moment, so that one often begins as another ends.
Streamlit 1.67 then loses some of what the first has drawn, until that fragment runs once more.
"""

from __future__ import annotations

from streamlit.runtime import app_session
from streamlit.runtime.app_session import AppSession, AppSessionState
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData

_create_runner = AppSession._create_scriptrunner


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


def send_complete_runs() -> None:
    """Have Streamlit's sessions send all that a fragment's run has drawn, from now on."""
    app_session.ForwardMsgQueue = CompleteRuns  # type: ignore[attr-defined]
    AppSession._create_scriptrunner = _create_after_the_last  # type: ignore[method-assign]


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
