"""Stripe's form encoding, both ways."""

from __future__ import annotations

import pytest

from stripe_sandbox.parameters import form


def test_brackets_nest() -> None:
    """Names in brackets are fields of fields; empty brackets count up."""
    text = "a=1&b[c]=2&b[d][e]=3&l[]=x&l[]=y&n[0][k]=v&n[1][k]=w"
    assert form.decode(text) == {
        "a": "1",
        "b": {"c": "2", "d": {"e": "3"}},
        "l": {"0": "x", "1": "y"},
        "n": {"0": {"k": "v"}, "1": {"k": "w"}},
    }


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("l[][a]=1&l[][b]=2", {"0": {"a": "1", "b": "2"}}),
        (
            "l[][a]=1&l[][b]=2&l[][a]=3&l[][b]=4",
            {"0": {"a": "1", "b": "2"}, "1": {"a": "3", "b": "4"}},
        ),
        ("l[][a]=1&l[][a]=2&l[][b]=3", {"0": {"a": "1"}, "1": {"a": "2", "b": "3"}}),
        ("l[][a][b]=1&l[][a][c]=2&l[][d]=3", {"0": {"a": {"b": "1", "c": "2"}, "d": "3"}}),
        ("l[][a][]=1&l[][a][]=2&l[][b]=3", {"0": {"a": {"0": "1", "1": "2"}, "b": "3"}}),
        ("l[0][a]=1&l[][b]=2", {"0": {"a": "1", "b": "2"}}),
        ("l[1]=a&l[]=b", {"1": "a", "2": "b"}),
    ],
)
def test_empty_brackets_before_a_field_are_one_item_until_the_field_comes_again(
    text: str, items: dict[str, object]
) -> None:
    """As Rack, which Stripe reads its requests with, builds a list of objects."""
    assert form.decode(text) == {"l": items}


def test_what_is_encoded_is_decoded() -> None:
    """Spaces, signs and letters beyond ASCII come through."""
    given = {"name": "Tee & Brot = 100 % 🍞", "l": ["a", "b"], "t": True, "none": None, "n": 3}
    assert form.decode(form.encode(given)) == {
        "name": given["name"],
        "l": {"0": "a", "1": "b"},
        "t": "true",
        "n": "3",
    }


@pytest.mark.parametrize(
    "text", ["a[b=1", "a]b=1", "[a]=1", "a=1&a[b]=2", "a[b]=1&a=2", "a" + "[x]" * 20 + "=1", "=1"]
)
def test_what_contradicts_itself_is_refused(text: str) -> None:
    """Brackets that do not match, a leaf that is a branch, too deep a nest."""
    with pytest.raises(form.MalformedFormError):
        form.decode(text)
