"""The event loop of every benchmark process: uvicorn's, so that no row has a faster one.

The garbage collector looks as seldom as it does in the product.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")


def run(main: Coroutine[None, None, T]) -> T:
    """Run ``main`` to its end, on uvloop where there is one."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    if sys.platform == "win32":
        return asyncio.run(main)
    import uvloop

    return uvloop.run(main)
