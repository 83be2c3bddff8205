"""Python's garbage collection, which looks at everything that is not exempt from it."""

from __future__ import annotations

import gc
import sys
import threading

MANY_MODULES = 100
# The youngest objects are looked at when so many more were made than freed; the older ones after
# so many times of that, so that the garbage of runs of pages takes 20 MiB and not 50.
THRESHOLDS = (20_000, 5, 2)

_lock = threading.Lock()
_modules = 0  # loaded when it was last done


def freeze_loaded() -> None:
    """Exempt what is loaded by now from garbage collection, where that is much more than the last
    time: looking at it took a third of a busy route's time and two thirds of a page's run."""
    global _modules
    with _lock:
        if len(sys.modules) - _modules < MANY_MODULES:
            return
        _modules = len(sys.modules)
        gc.collect()
        gc.freeze()
        gc.set_threshold(*THRESHOLDS)
