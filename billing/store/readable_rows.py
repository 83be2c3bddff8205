"""Rows that cannot be read: each costs itself alone."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")

log = logging.getLogger(__name__)


def read_each(rows: Iterable[Any], read: Callable[[Any], T]) -> list[T]:
    """What ``read`` makes of each row, whose ``id`` names it. One that holds no such thing, as a
    damaged file does, is left out and logged."""
    found = []
    for row in rows:
        try:
            found.append(read(row))
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            log.error("What is stored of %s cannot be read: %r", row.id, error)  # noqa: TRY400
    return found
