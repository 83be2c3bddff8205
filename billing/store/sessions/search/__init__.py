"""Sessions that are searched for: what was typed stands in their text, or is their amount.

Ids of Stripe's other objects are found by their beginning, and so is everything until the texts of
older sessions have been written after an upgrade.
"""

from billing.store.sessions.search.found import (
    candidates,
    chosen_among_found,
    is_in_texts,
    is_partial,
    newest_among,
    newest_found,
    searched_in_part,
)
from billing.store.sessions.search.terms import times

__all__ = [
    "candidates",
    "chosen_among_found",
    "is_in_texts",
    "is_partial",
    "newest_among",
    "newest_found",
    "searched_in_part",
    "times",
]
