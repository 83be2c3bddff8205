"""The search query language: what can be said, and what cannot."""

from __future__ import annotations

import re

import pytest

from stripe_sandbox.errors import StripeError
from stripe_sandbox.search.conditions import condition
from stripe_sandbox.search.query import Clause, Query, parse


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ('email:"a@b.c"', [Clause("email", ":", "a@b.c")]),
        ("email~'b.c'", [Clause("email", "~", "b.c")]),
        ("amount>=100", [Clause("amount", ">=", "100")]),
        ('amount<"10"', [Clause("amount", "<", "10")]),
        (' -currency : "jpy" ', [Clause("currency", ":", "jpy", negated=True)]),
        ("url:NULL", [Clause("url", ":", None)]),
        ('name:"null"', [Clause("name", ":", "null")]),
        (r'name:"the \"Sky\" and \\ sea"', [Clause("name", ":", 'the "Sky" and \\ sea')]),
        ("""metadata["order id"]:'6'""", [Clause("metadata", ":", "6", key="order id")]),
        (r"-metadata['it\'s']:null", [Clause("metadata", ":", None, key="it's", negated=True)]),
        (
            "payment_method_details.card.last4:4242",
            [Clause("payment_method_details.card.last4", ":", "4242")],
        ),
        ('name:"a AND b" type:"x"', [Clause("name", ":", "a AND b"), Clause("type", ":", "x")]),
    ],
)
def test_a_clause_is_a_field_an_operator_and_a_value(text: str, clauses: list[Clause]) -> None:
    """Quoted with either sign, numbers as they are, `null` for what is not there."""
    assert parse(text) == Query(tuple(clauses))


def test_clauses_are_joined_by_and_or_by_or() -> None:
    """A space means AND; the words are written in any case."""
    for text in ("total>1 AND total<9", "total>1 and total<9", "total>1 total<9"):
        assert (parse(text).any, len(parse(text).clauses)) == (False, 2)
    assert parse('status:"a" or status:"b" OR status:"c"').any


@pytest.mark.parametrize(
    "text",
    [
        "", "asdf", 'email="a"', 'email:"a', "email:a", 'email:"a"name:"b"', 'AND email:"a"',
        'email:"a" AND', 'email:"a" AND OR name:"b"', "metadata[a]:'b'", "metadata:'b'x", "-",
        '(email:"a")', "amount:1e5",
    ],
)  # fmt: skip
def test_what_is_no_query_is_refused_in_stripes_words(text: str) -> None:
    """With the form that it should have."""
    with pytest.raises(StripeError) as caught:
        parse(text)
    assert caught.value.message == (
        'We were unable to parse your search query. Try using the format `metadata["key"]:"value"` '
        'to query for metadata or key:"value" to query for other fields.'
    )
    assert (caught.value.status, caught.value.param) == (400, "query")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('name:"a" AND email:"b" OR email:"c"', "You can't mix AND and OR"),
        (" ".join(['name:"a"'] * 11), "up to 10 clauses"),
        ('foo:"a"', "Field `foo` is an unsupported search field for resource `customers`. See "),
        ('created~"1234"', "The operator `~` is not supported for the field `created`"),
        ('name>"a"', "The operator `>` is not supported for the field `name` of type string"),
        ('metadata["a"]~"abc"', "The operator `~` is not supported"),
        ('email~"ab"', "at least 3 characters"),
        ("email~null", "`null` can only be searched for"),
        ('created>"yesterday"', "`yesterday` is not a number"),
    ],
)
def test_what_stripe_does_not_search_by_is_refused_by_name(text: str, message: str) -> None:
    """The field, the operator or the value."""
    with pytest.raises(StripeError, match=re.escape(message)):
        condition("customer", parse(text))
