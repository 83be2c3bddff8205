"""Writes the texts that sessions are searched in, of those that an older release has stored."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING

from billing.errors import BillingError
from billing.store import sessions

if TYPE_CHECKING:
    from billing.store import Store

log = logging.getLogger(__name__)

BATCH_SIZE = 200  # sessions: some tens of milliseconds, in which nothing else is written
PAUSE_SECONDS = 0.1
RETRY_SECONDS = 10.0


class SearchTexts:
    """Until all is written, sessions are found by the beginning of what is searched alone."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def run(self) -> None:
        """Write those that are missing, once after an upgrade; then wait until cancelled."""
        write, written = partial(sessions.fill_texts, limit=BATCH_SIZE), 0
        pause = PAUSE_SECONDS
        while pause:
            try:
                is_more = await self._store.write(write)
                written += is_more
                pause = PAUSE_SECONDS if is_more else 0
            except BillingError:  # the store logs its failures
                pause = RETRY_SECONDS
            await asyncio.sleep(pause)
        if written:
            log.info("Every session can be searched by any part of its texts")
        await asyncio.Event().wait()
