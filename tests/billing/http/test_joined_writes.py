"""What goes out together, and what does not wait."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from billing.http.joined_writes import JoinedWrites

pytestmark = pytest.mark.anyio


class Writes(list[bytes]):
    """A transport that remembers what it was given at once."""

    def write(self, data: bytes) -> None:
        self.append(data)

    def writelines(self, parts: tuple[bytes, ...]) -> None:
        self.append(b"".join(parts))

    def close(self) -> None:
        self.append(b"closed")


def joined(written: Writes) -> JoinedWrites:
    return JoinedWrites(cast("asyncio.Transport", written), asyncio.get_running_loop())


async def test_a_head_goes_out_with_its_body_and_further_parts_by_themselves() -> None:
    written = Writes()
    answer = joined(written)
    for part in (b"head ", b"body", b"more"):
        answer.write(part)
    await asyncio.sleep(0)
    assert written == [b"head body", b"more"]


async def test_a_head_whose_body_comes_later_does_not_wait_for_it() -> None:
    written = Writes()
    answer = joined(written)
    answer.write(b"head")
    await asyncio.sleep(0)
    answer.write(b"body")
    assert written == [b"head", b"body"]


async def test_a_head_goes_out_before_the_connection_is_closed() -> None:
    written = Writes()
    answer = joined(written)
    answer.write(b"head")
    answer.close()
    await asyncio.sleep(0)
    assert written == [b"head", b"closed"]
