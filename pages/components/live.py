"""Parts of a page that follow what happens elsewhere, without asking again and again."""

from __future__ import annotations

import time
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec

import streamlit as st

from pages.services import page_services

if TYPE_CHECKING:
    from collections.abc import Callable

    from billing.changes.topics import Topic

P = ParamSpec("P")

USUAL_PAUSE = 2.0
_CONNECTION = Path(__file__).with_name("change_feed.html")
_JS = """
export default function ({ data, parentElement, setTriggerValue }) {
  const parts = (window.liveParts ??= new Map());
  const part = parts.get(parentElement) ?? { seen: {}, runs: [] };
  part.seen[data.feed] = data.numbers;
  // Asked for before the browser heard of another address, and drawn for the old one: once more.
  const sorted = (query) => JSON.stringify([...query].sort());
  const address = sorted(new URLSearchParams(location.search));
  if (sorted(data.query) !== address && part.askedFor !== address) {
    part.askedFor = address;
    delete part.seen[data.feed];
  }
  parts.set(parentElement, Object.assign(part, {
    topics: data.topics, pause: data.pause, askedAt: 0, run: () => setTriggerValue("changed", true),
  }));
  window.dispatchEvent(new Event("livepart"));
  return () => parts.delete(parentElement);
}
"""
_LISTENER = st.components.v2.component("live_part", js=_JS)


def live(
    *topics: Topic, pause: float = USUAL_PAUSE, run_every: float | str | None = None
) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Decorates a fragment: it runs again when something of ``topics`` has changed, at once, but
    under many changes every ``pause`` seconds only; nothing runs while nobody looks at the page.

    ``run_every`` is Streamlit's, for what has to be asked for while it is under way.
    """

    def decorate(part: Callable[P, None]) -> Callable[P, None]:
        @wraps(part)
        def run(*args: P.args, **kwargs: P.kwargs) -> None:
            _listen(topics, pause, part.__name__, args)
            part(*args, **kwargs)

        return st.fragment(run, run_every=run_every)

    return decorate


def follow_changes() -> None:
    """The connection by which the page hears of changes; once a page."""
    with st.container(key="scripts_live"):
        st.html(_CONNECTION, unsafe_allow_javascript=True)


def _listen(topics: tuple[Topic, ...], pause: float, name: str, args: tuple[Any, ...]) -> None:
    """Before anything is read, so that what changes meanwhile is heard of."""
    feed = page_services().services.changes
    key = "_".join(("live", name, *(one for one in args if isinstance(one, str))))
    numbers, query = feed.numbers(), st.query_params
    _LISTENER(
        data={
            "feed": feed.id,
            "numbers": {topic: numbers[topic] for topic in topics},
            "topics": list(topics),
            "pause": pause,
            "query": [(name, one) for name in query for one in query.get_all(name)],
            "at": time.time(),  # another one each time, so that the browser hears of the run
        },
        key=key.replace("__", "-"),  # which Streamlit keeps for itself
    )
