"""Turns a query into a condition of SQL, which its kind's table answers."""

from __future__ import annotations

from typing import Any

from stripe_sandbox import errors
from stripe_sandbox.errors import StripeError
from stripe_sandbox.search.fields import FIELDS, Field, FieldType
from stripe_sandbox.search.query import Clause, Query

SHORTEST_PART = 3
_METADATA = Field(
    FieldType.TOKEN, "(SELECT value FROM json_each(body, '$.metadata') WHERE key = ?)"
)
_OPERATORS = {
    FieldType.ID: ":",
    FieldType.TOKEN: ":",
    FieldType.STRING: ": or ~",
    FieldType.NUMERIC: ":, >, >=, < or <=",
}

Condition = tuple[str, list[Any]]
"""SQL and the values of its question marks."""


def condition(kind: str, query: Query) -> Condition:
    """The condition that objects of the kind have to meet. StripeError: Stripe does not search
    them like that."""
    found = [_clause(kind, clause) for clause in query.clauses]
    joined = (" OR " if query.any else " AND ").join(sql for sql, _ in found)
    return f"({joined})", [value for _, values in found for value in values]


def _clause(kind: str, clause: Clause) -> Condition:
    field = _METADATA if clause.key is not None else FIELDS[kind].get(clause.field)
    if field is None:
        raise _unsupported(kind, clause.field)
    before = [clause.key] if clause.key is not None else []
    sql, values = _comparison(field, clause)
    # What is not there meets no comparison, and every negated one.
    negation = "NOT " if clause.negated else ""
    return f"{negation}coalesce({sql}, 0)", [*before, *values]


def _comparison(field: Field, clause: Clause) -> Condition:
    value, operator = clause.value, clause.operator
    if operator not in _OPERATORS[field.type].replace(",", "").split():
        raise _refused(
            f"The operator `{operator}` is not supported for the field `{clause.field}` of type "
            f"{field.type}. Use {_OPERATORS[field.type]}."
        )
    if value is None:
        if operator != ":":
            raise _refused("`null` can only be searched for with the operator `:`.")
        return f"coalesce({field.sql}, '') = ''", []
    if field.type is FieldType.NUMERIC:
        return _numeric(field, operator, value)
    if field.type is FieldType.ID:
        return f"{field.sql} = ?", [value]
    text = f"casefold({field.sql})"
    if operator == "~":
        if len(value) < SHORTEST_PART:
            raise _refused(
                f"A substring must have at least {SHORTEST_PART} characters: `{value}` has fewer."
            )
        return f"instr({text}, ?) > 0", [value.casefold()]
    if field.type is FieldType.STRING:
        return f"instr(words({field.sql}), words(?)) > 0", [value]
    return f"{text} = ?", [value.casefold()]


def _numeric(field: Field, operator: str, value: str) -> Condition:
    try:
        number = float(value) if "." in value else int(value)
    except ValueError:
        raise _refused(f"The value `{value}` is not a number.") from None
    return f"{field.sql} {'=' if operator == ':' else operator} ?", [number]


def _unsupported(kind: str, name: str) -> StripeError:
    resource = f"{kind}s"
    return _refused(
        f"Field `{name}` is an unsupported search field for resource `{resource}`. See "
        f"http://stripe.com/docs/search#query-fields-for-{resource.replace('_', '-')} for a list "
        "of supported fields."
    )


def _refused(message: str) -> StripeError:
    return errors.bad_parameter(message, "query")
