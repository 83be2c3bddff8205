"""What sessions are counted by besides their source and kind: one facet at a time.

Sessions as they are stored and the deltas of rollups are counted by the same words.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    String,
    and_,
    case,
    cast,
    func,
    literal_column,
    select,
    union_all,
)

from billing.domain.sessions.checkout_session import WAS_PAID, Outcome
from billing.store.sessions.matching import STILL_PAID, is_granted
from billing.store.tables import CODE_LENGTH, checkout_sessions, session_deltas
from billing.store.tables.rollups import COUNTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement, CompoundSelect, Select

STEPS = 16  # of a time to pay before its next doubling
DOUBLINGS = 12  # from 32 seconds to 36 hours: a session is open for 24 at the most


class Facet(StrEnum):
    """``OUTCOME``, whatever it is; ``CURRENCY`` of those that were paid, the only facet that has
    amounts; ``DECLINED`` and ``EXPIRED``: the failure code of those with that outcome;
    ``SECONDS``, the time to pay of those whose completion time is known (see ``typical_seconds``);
    ``NOT_GRANTED`` (its value is empty): paid still, and without a line in the ledger.
    """

    OUTCOME = "outcome"
    CURRENCY = "currency"
    DECLINED = "declined"
    EXPIRED = "expired"
    SECONDS = "seconds"
    NOT_GRANTED = "not_granted"


_s = checkout_sessions.c
_d = session_deltas.c
_AS_COUNTED = ("created", "outcome", "source", "kind", "currency", "failure_code", "completed_at")
_NONE: ColumnElement[int] = literal_column("0", BigInteger())
_ONE: ColumnElement[int] = literal_column("1", BigInteger())


# Of a session, which counts once; all but whether it is granted.
SESSION_COUNTS: tuple[ColumnElement[Any], ...] = (
    *(_s[name] for name in _AS_COUNTED),
    _ONE.label("number"),
    func.coalesce(_s.amount_total, _NONE).label("amount"),
    (_s.amount_refunded + _s.amount_disputed).label("went_back"),
)


_GRANTED = case(
    (and_(_s.outcome.in_(STILL_PAID), _s.kind.is_not(None), is_granted()), _ONE), else_=_NONE
).label("granted")


def session_counts() -> Select[Any]:
    """Each session, counting once."""
    return select(*SESSION_COUNTS, _GRANTED)


def delta_counts() -> Select[Any]:
    """Each delta, counting what it says."""
    return select(*(_d[name] for name in (*_AS_COUNTED, *COUNTS, "granted")))


def by_facet(
    rows: Select[Any] | CompoundSelect[Any], facets: Iterable[Facet] = Facet
) -> CompoundSelect[Any]:
    """What ``session_counts`` or ``delta_counts`` selects, once for each of the facets that it has:
    ``created``, ``source``, ``kind`` ("" for none), ``facet``, ``value``, ``number``, ``amount``
    and ``went_back`` (minor units)."""
    row = rows.cte().c
    is_paid = row.outcome.in_(WAS_PAID)
    parts: dict[Facet, tuple[ColumnElement[Any], tuple[ColumnElement[bool], ...]]] = {
        Facet.OUTCOME: (row.outcome, ()),
        Facet.CURRENCY: (row.currency, (is_paid, row.currency.is_not(None))),
        Facet.DECLINED: (
            row.failure_code,
            (row.outcome == Outcome.DECLINED, row.failure_code.is_not(None)),
        ),
        Facet.EXPIRED: (
            row.failure_code,
            (row.outcome == Outcome.EXPIRED, row.failure_code.is_not(None)),
        ),
        Facet.SECONDS: (_SECONDS, (is_paid, row.completed_at.is_not(None))),
        Facet.NOT_GRANTED: (
            literal_column("''", String()),
            (row.outcome.in_(STILL_PAID), row.kind.is_not(None)),
        ),
    }
    return union_all(
        *(
            select(
                row.created,
                row.source,
                func.coalesce(row.kind, "").label("kind"),
                literal_column(f"'{facet}'", String()).label("facet"),
                cast(value, String(CODE_LENGTH)).label("value"),
                (row.number - row.granted if facet is Facet.NOT_GRANTED else row.number).label(
                    "number"
                ),
                *(
                    (row.amount, row.went_back)
                    if facet is Facet.CURRENCY
                    else (_NONE.label("amount"), _NONE.label("went_back"))
                ),
            ).where(*conditions)
            for facet, (value, conditions) in parts.items()
            if facet in set(facets)
        )
    )


def typical_seconds(value: str) -> int:
    """The middle of the times to pay that are counted as this value of ``SECONDS``. It is exact
    below 32 seconds, and within 3.2 % of each of them up to 36 hours."""
    seconds, width = int(value), 1
    while seconds // width >= 2 * STEPS and width < 2**DOUBLINGS:
        width *= 2
    return seconds + width // 2


def _lowest_seconds() -> str:
    """SQL: the shortest of the times to pay that count as the same, ``STEPS`` a doubling."""
    cases = (
        f"WHEN completed_at - created < {2 * STEPS * 2**doubling}"
        f" THEN (completed_at - created) / {2**doubling} * {2**doubling}"
        for doubling in range(DOUBLINGS)
    )
    width = 2**DOUBLINGS
    return f"CASE {' '.join(cases)} ELSE (completed_at - created) / {width} * {width} END"


_SECONDS: ColumnElement[int] = literal_column(_lowest_seconds(), BigInteger())
