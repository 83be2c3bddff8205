"""What the tables share."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from sqlalchemy import MetaData, String

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

metadata = MetaData()

# What begins with a text is between the text and the text followed by this.
LAST_CHARACTER = chr(sys.maxunicode)
TERM_LENGTH = 200
REFERENCE_LENGTH = 200  # of client_reference_id
CODE_LENGTH = 100


def prefix_searched(length: int) -> TypeEngine[str]:
    """Text that is searched by its beginning; PostgreSQL's index needs the C collation for that.

    What is compared with it has to be in the same collation: else PostgreSQL uses no index.
    """
    return String(length).with_variant(String(length, collation="C"), "postgresql")
