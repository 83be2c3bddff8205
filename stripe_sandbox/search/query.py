"""Parses queries: clauses of a field, an operator and a value, joined by AND or by OR."""

from __future__ import annotations

import re
from dataclasses import dataclass

from stripe_sandbox import errors
from stripe_sandbox.errors import StripeError

MAXIMUM_CLAUSES = 10
_TEXT = r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'"""
_CLAUSE = re.compile(
    rf"""(?P<negated>-?)
    (?:metadata\[\s*(?P<key>{_TEXT})\s*\]|(?P<field>[a-z_][a-z0-9_]*(?:\.[a-z0-9_]+)*))
    \s*(?P<operator>:|~|>=|<=|>|<)\s*
    (?:(?P<text>{_TEXT})|(?P<number>[+-]?\d+(?:\.\d+)?)|(?P<null>null))
    (?=\s|$)""",
    re.VERBOSE | re.IGNORECASE,
)
_JOIN = re.compile(r"\s*(?:\b(AND|OR)\b\s*)?", re.IGNORECASE)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True)
class Clause:
    """`field` is `metadata` where `key` is given; `value` is None for `null`."""

    field: str
    operator: str
    value: str | None
    key: str | None = None
    negated: bool = False


@dataclass(frozen=True)
class Query:
    """Objects that meet all of the clauses, or `any` of them."""

    clauses: tuple[Clause, ...]
    any: bool = False


def parse(text: str) -> Query:
    """The query. StripeError: it is none."""
    clauses: list[Clause] = []
    joins: set[str] = set()
    text = text.strip()
    position = 0
    while True:
        match = _CLAUSE.match(text, position)
        if match is None:
            raise _unreadable()
        clauses.append(_clause(match))
        position = match.end()
        if position == len(text):
            break
        join = _JOIN.match(text, position)
        joins.add((join[1] if join and join[1] else "AND").upper())
        position = join.end() if join else position
    if len(joins) > 1:
        raise _refused("You can't mix AND and OR in a search query: use one of them.")
    if len(clauses) > MAXIMUM_CLAUSES:
        raise _refused(f"A search query can have up to {MAXIMUM_CLAUSES} clauses.")
    return Query(tuple(clauses), joins == {"OR"})


def _clause(match: re.Match[str]) -> Clause:
    key, text = match["key"], match["text"]
    return Clause(
        field="metadata" if key else match["field"],
        operator=match["operator"],
        value=_unquoted(text) if text else match["number"],
        key=_unquoted(key) if key else None,
        negated=match["negated"] == "-",
    )


def _unquoted(text: str) -> str:
    return _ESCAPED.sub(r"\1", text[1:-1])


def _unreadable() -> StripeError:
    return _refused(
        'We were unable to parse your search query. Try using the format `metadata["key"]:"value"` '
        'to query for metadata or key:"value" to query for other fields.'
    )


def _refused(message: str) -> StripeError:
    return errors.bad_parameter(message, "query")
