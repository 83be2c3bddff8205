"""Reading rows of which some may be damaged."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")

log = logging.getLogger(__name__)


def read_each(rows: Iterable[Any], read: Callable[[Any], T]) -> list[T]:
    """What ``read`` makes of each row; rows that it cannot read, as in a damaged file, are left
    out and logged by their ``id``."""
    found = []
    for row in rows:
        try:
            found.append(read(row))
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            log.error("What is stored of %s cannot be read: %r", row.id, error)  # noqa: TRY400
    return found
