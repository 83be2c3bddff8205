"""What many open pages show alike, made once."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")

MOST_RESULTS = 32


class SharedResults(Generic[T]):
    """Results by all that they depend on, the last used ones. What it returns belongs to all who
    ask for it: nobody changes it. From any thread."""

    def __init__(self) -> None:
        self._results: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = Lock()

    def get(self, content: Hashable, make: Callable[[], T]) -> T:
        """What ``make`` returns for this ``content``. One makes it, the others wait."""
        with self._lock:
            if content not in self._results:
                self._results[content] = make()
                if len(self._results) > MOST_RESULTS:
                    self._results.popitem(last=False)
            self._results.move_to_end(content)
            return self._results[content]
