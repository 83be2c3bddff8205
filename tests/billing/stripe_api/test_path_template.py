"""Stripe's paths, counted without the ids in them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from billing import stripe_api
from billing.stripe_api.path_template import WORDS, path_template

PATHS = re.compile(r'"(/v[12]/[^"]*)"')
PARTS = re.compile(r'_path\("(\w+)", \w+(?:, "(\w+)")?\)')
PIECE = re.compile(r"\{[^}]*\}")


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/v1/checkout/sessions", "/v1/checkout/sessions"),
        ("/v1/checkout/sessions/cs_test_1/line_items", "/v1/checkout/sessions/{id}/line_items"),
        ("/v1/payment_intents/pi_1", "/v1/payment_intents/{id}"),
        ("/v1/customers/any%20name", "/v1/customers/{id}"),
        ("/v1/something/else", "/v1/{id}/{id}"),
    ],
)
def test_whatever_is_not_a_word_of_the_api_is_an_id(path: str, template: str) -> None:
    assert path_template(path) == template


def test_the_words_are_those_of_the_paths_that_are_asked_for() -> None:
    folder = Path(next(iter(stripe_api.__path__)))
    source = "\n".join(file.read_text() for file in folder.glob("*.py"))
    asked = {
        word
        for path in PATHS.findall(source)
        for word in PIECE.sub("{}", path).split("/")
        if word and word != "{}"
    }
    asked |= {word for parts in PARTS.findall(source) for word in parts if word}
    assert len(asked) > 10
    assert asked == WORDS
