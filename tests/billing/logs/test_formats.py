"""A line of the log, as people and as programs read it."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest

from billing.logs.formats import JsonFormatter, TextFormatter
from billing.logs.records import SafeRecord
from billing.logs.request_id import _current, begin_request

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _of_no_request() -> Iterator[None]:
    """Each test begins outside of a request, whatever ran before it."""
    token = _current.set("")
    yield
    _current.reset(token)


def record(message: str = "Said", error: Exception | None = None) -> SafeRecord:
    exc_info = (type(error), error, None) if error else None
    return SafeRecord("billing.x", logging.WARNING, __file__, 1, message, (), exc_info)


def test_text_names_the_request_at_the_end_of_the_line() -> None:
    assert TextFormatter().format(record()).endswith("WARNING billing.x: Said")
    begin_request("abc-1")
    lines = TextFormatter().format(record(error=ValueError("No"))).splitlines()
    assert lines[0].endswith("WARNING billing.x: Said (request abc-1)")
    assert lines[1] == "    ValueError: No"


def test_json_is_one_object_a_line_with_everything_in_fields_of_its_own() -> None:
    begin_request("abc-1")
    line = JsonFormatter().format(
        record("key sk_test_hunter2\nnext", ValueError("sk_test_hunter2"))
    )
    assert "\n" not in line
    found = json.loads(line)
    assert found.pop("time").endswith("+00:00")
    assert found == {
        "level": "WARNING",
        "logger": "billing.x",
        "message": "key [secret]\\nnext",
        "request_id": "abc-1",
        "exception": "    ValueError: [secret]",
    }


@pytest.mark.parametrize(
    "given",
    [None, "", "two words", "a" * 101, "line\nbreak", "sk_test_hunter2", "<script>", "caf\xe9"],
)
def test_what_is_no_id_is_replaced_by_one_that_is(given: str | None) -> None:
    made = begin_request(given)
    assert made != given
    assert len(made) == 16
    assert record().request_id == made


def test_an_id_that_was_given_is_taken() -> None:
    assert begin_request("6ba7b810-9dad-11d1-80b4-00c04fd430c8/1:2") == record().request_id
