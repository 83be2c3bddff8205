"""JSON as it is stored and sent."""

from __future__ import annotations

import json

import pytest

from stripe_sandbox.storage.json_text import dump, dump_list, load

OBJECTS = [{"id": "a", "name": 'a\n"b" ż', "lines": [], "more": {"x": [1, {"y": None}]}}, {}]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_list_of_stored_objects_reads_like_one_written_at_once(count: int) -> None:
    """Bodies joined without parsing give what indenting the whole list gives."""
    data = OBJECTS[:count]
    whole = {"object": "list", "data": data, "has_more": False, "url": "/v1/x"}
    text = dump_list("/v1/x", map(dump, data), has_more=False)
    assert text == dump(whole) == json.dumps(whole, indent=2, ensure_ascii=False)
    assert load(text) == whole


def test_half_a_surrogate_pair_is_no_utf_8() -> None:
    """Text that no file and no answer can hold is found by whoever encodes it."""
    with pytest.raises(UnicodeEncodeError):
        dump({"name": "\ud83c"}).encode()
