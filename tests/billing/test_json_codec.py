"""What was read once can be written, stored and read again."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from billing.json_codec import DEEPEST, dumps, loads


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": [1, 2.5, true, null, "é 🎈"]}', {"a": [1, 2.5, True, None, "é 🎈"]}),
        ("[NaN, Infinity, -Infinity, 1e999]", [None] * 4),
        ("[18446744073709551616, -9223372036854775809]", [float(2**64), float(-(2**63))]),
        (f"[{'9' * 400}, {'9' * 40}]", [None, 1e40]),
        (r'"half \ud83d a pair"', "half \ufffd a pair"),
        (r'"both \ud83c\udf88 halves, \\ud83d no half"', r"both 🎈 halves, \ud83d no half"),
        (r'{"\udc00": "be\u0000fore"}', {"\ufffd": "be\ufffdfore"}),
        (r'["\u0000\u0000", "\\u0000", "\\\u0000"]', ["\ufffd\ufffd", r"\u0000", "\\\ufffd"]),
        ('[NaN, "\\ud83d", 18446744073709551616]', [None, "\ufffd", float(2**64)]),
    ],
)
def test_what_no_database_and_no_page_holds_is_replaced(text: str, value: Any) -> None:
    for sent in (text, text.encode()):
        read = loads(sent)
        assert read == value
        assert loads(dumps(read)) == read


@pytest.mark.parametrize(
    "text",
    [*("", " ", "{", "[1,]", "nul", "'x'", '{"a": 1} x', "9" * 5_000 + "x", '"\x01"'),
     *("[" * 100_000, '{"a":' * 300 + "1" + "}" * 300),
     *map(nested, (DEEPEST + 1, 990, 1_100))],
)  # fmt: skip
def test_what_is_no_json_or_nested_too_deeply_is_a_value_error(text: str) -> None:
    for sent in (text, text.encode()):
        with pytest.raises(ValueError, match=r"."):
            loads(sent)


def test_bytes_that_are_no_utf_8_are_a_value_error() -> None:
    for sent in (b'"\xff"', b'"\xed\xa0\xbd"', '"x"'.encode("utf-16")):
        with pytest.raises(ValueError, match=r"."):
            loads(sent)


def test_what_is_nested_as_deeply_as_allowed_is_read_and_written() -> None:
    assert dumps(loads(nested(DEEPEST))) == nested(DEEPEST)


def test_a_value_that_was_made_otherwise_is_written_in_the_same_shape() -> None:
    made = {"nan": float("nan"), "large": 2**70, "half": "\ud83d", 1: "one"}
    assert loads(dumps(made)) == {"nan": None, "large": float(2**70), "half": "\ufffd", "1": "one"}
    for unwritable in ({"a": object()}, json.loads(nested(500))):
        with pytest.raises(ValueError, match="cannot be written"):
            dumps(unwritable)


def test_whatever_is_read_can_be_written_and_read_again() -> None:
    chance = random.Random(11)  # noqa: S311 - the same texts every time
    pieces = [*'{}[]:,"', "NaN", "1e999", "9" * 30, r'"\ud83d"', '"a"', r'"\u0000"', "-0", "null"]
    read = 0
    for _ in range(20_000):
        text = "".join(chance.choices(pieces, k=chance.randint(1, 7)))
        try:
            value = loads(text)
        except ValueError:
            continue
        read += 1
        assert loads(dumps(value)) == value
    assert read > 1_000
