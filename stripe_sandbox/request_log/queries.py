"""What is asked of the log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from stripe_sandbox.request_log.log import RequestLog
from stripe_sandbox.request_log.rows import Facts, Texts, read_params
from stripe_sandbox.storage.database import Database
from stripe_sandbox.storage.json_text import load
from stripe_sandbox.storage.objects import Object

_FACTS = ", ".join(("seq", *Facts._fields))
_TEXTS = ", ".join(f"request_texts.{name}" for name in Texts._fields)
CAUSES_LIMIT = 50
TOUCHING_LIMIT = 100


_ABOUT = "(instr(objects, ?) OR id = ? OR idempotency_key = ?)"


def _about(name: str) -> list[str]:
    return [f" {name} ", name, name]


@dataclass(frozen=True)
class RequestFilter:
    """Which requests; None means any. `status` is one such as 402, or a class such as 4xx, or none
    for no answer; `path` how it begins; `about` an object's id, a request's, or an idempotency
    key."""

    status: str | None = None
    path: str | None = None
    client: str | None = None
    about: str | None = None
    cause: str | None = None
    errors: bool = False

    def conditions(self) -> tuple[list[str], list[Any]]:
        """As SQL, with its values. ValueError: there is no such status."""
        conditions, values = [], []
        for name in ("client", "cause"):
            if (value := getattr(self, name)) is not None:
                conditions.append(f"{name} = ?")
                values.append(value)
        if self.path is not None:
            conditions.append("substr(path, 1, ?) = ?")
            values += [len(self.path), self.path]
        if self.about is not None:
            conditions.append(_ABOUT)
            values += _about(self.about)
        if self.errors:
            conditions.append("cause != ''")
        if self.status == "none":
            conditions.append("status IS NULL")
        elif self.status is not None:
            low = int(self.status.replace("xx", "00"))
            conditions.append("status BETWEEN ? AND ?")
            values += [low, low + 99 if self.status.endswith("xx") else low]
        return conditions, values


class LoggedRequests:
    """Reads the log, what has not been written yet included. A request is shown as JSON values:
    `id`, its number in the log; `at` in Unix seconds of the sandbox's clock; `status`, null when no
    answer was sent; and what its names say."""

    def __init__(self, database: Database, log: RequestLog) -> None:
        self._database = database
        self._log = log

    def write(self) -> None:
        """Write what waits to be written."""
        self._log.write()

    def page(self, wanted: RequestFilter, below: int | None, limit: int) -> Object:
        """The newest that match, or those below the id of one, as `data`; `older` is where the next
        page begins, null at the end. ValueError: there is no such status."""
        conditions, values = wanted.conditions()
        if below is not None:
            conditions.append("seq < ?")
            values.append(below)
        found = self._select(conditions, values, limit + 1)
        data = found[:limit]
        return {"data": data, "older": data[-1]["id"] if len(found) > limit else None}

    def get(self, number: int) -> Object | None:
        """One of them whole, or None: also its parameters, its answer, the objects that it changed,
        the events that it caused, and its `twins`, others with its idempotency key."""
        found = self._select(["seq = ?"], [number], 1)
        row = self._database.row(f"SELECT {_TEXTS} FROM request_texts WHERE seq = ?", (number,))  # noqa: S608  # names of ours
        if not found or row is None:
            return None
        texts = Texts(*row)
        objects = self._database.row("SELECT objects FROM requests WHERE seq = ?", (number,))
        shown = found[0]
        key = shown["idempotency_key"]
        twins = ["idempotency_key = ?", "seq != ?"]
        return {
            **shown,
            "params": read_params(texts.params),
            "answer": load(texts.answer) if texts.answer else None,
            "changes": load(texts.changes) if texts.changes else [],
            "events": [
                {"id": identifier, "type": name}
                for identifier, name in (load(texts.events) if texts.events else [])
            ],
            "object_ids": str(objects[0]).split() if objects else [],
            "twins": self._select(twins, [key, number], TOUCHING_LIMIT) if key else [],
        }

    def touching(self, ids: Iterable[str], without_client: str | None = None) -> list[Object]:
        """Those about any of these ids, the oldest first; of many the newest. Without those of one
        client, where it is named."""
        names = list(ids)
        condition = " OR ".join(_ABOUT for _ in names) or "0"
        values = [value for name in names for value in _about(name)]
        conditions = [f"({condition})"]
        if without_client is not None:
            conditions.append("client != ?")
            values.append(without_client)
        return self._select(conditions, values, TOUCHING_LIMIT)[::-1]

    def causes(self) -> list[Object]:
        """Why requests failed, the latest first: the `cause`, the `count` of its requests, and when
        it was met first and last."""
        self._log.write()
        rows = self._database.rows(
            "SELECT cause, count(*), min(at), max(at) FROM requests WHERE cause != '' "
            "GROUP BY cause ORDER BY max(seq) DESC LIMIT ?",
            (CAUSES_LIMIT,),
        )
        names = ("cause", "count", "first_at", "last_at")
        return [dict(zip(names, row, strict=True)) for row in rows]

    def clients(self) -> list[str]:
        """Who made requests, in alphabetical order."""
        self._log.write()
        rows = self._database.rows("SELECT DISTINCT client FROM requests WHERE client != ''")
        return sorted(client for (client,) in rows)

    def _select(self, conditions: list[str], values: list[Any], limit: int) -> list[Object]:
        self._log.write()
        where = f"WHERE {' AND '.join(conditions)} " if conditions else ""
        rows = self._database.rows(
            f"SELECT {_FACTS} FROM requests {where}ORDER BY seq DESC LIMIT ?",  # noqa: S608  # names of ours
            (*values, limit),
        )
        return [_shown(row[0], Facts(*row[1:])) for row in rows]


def _shown(number: int, facts: Facts) -> Object:
    error = None
    if facts.error_type or facts.error_message:
        error = {
            "type": facts.error_type,
            "code": facts.error_code or None,
            "message": facts.error_message,
        }
    return {
        "id": number,
        "at": facts.at,
        "method": facts.method,
        "path": facts.path,
        "status": facts.status,
        "seconds": facts.seconds,
        "client": facts.client,
        "api_version": facts.api_version,
        "idempotency_key": facts.idempotency_key or None,
        "replayed": bool(facts.replayed),
        "request_id": facts.id,
        "error": error,
    }
