"""What the log stores of a request: short facts that it is found by, and its long texts."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import lru_cache
from typing import Any, NamedTuple

from stripe_sandbox.api.responses import new_request_id
from stripe_sandbox.parameters import form
from stripe_sandbox.request_log.client_names import client_name
from stripe_sandbox.request_log.exchange import LONGEST_KEPT, Exchange
from stripe_sandbox.request_log.redaction import redacted_json, redacted_key, redacted_text
from stripe_sandbox.storage.changes import Change
from stripe_sandbox.storage.json_text import dump_compact, load

LONGEST_ANSWER = 8 * 1024
"""Characters of a list that are kept, in whole items."""
_ITEM_END, _LIST_END = "\n    }", "\n  ]"
"""How the items of a list and the list itself end in the sandbox's JSON."""
_ID = re.compile(r"[a-z]{2,16}_(?:[a-z]{2,8}_)?[A-Za-z0-9]{14,}\Z")
_QUOTED_ID = re.compile(r'"([a-z]{2,16}_(?:[a-z]{2,8}_)?[A-Za-z0-9]{14,})"')
_WORD = re.compile(r"[a-z_]+\Z")


class Facts(NamedTuple):
    """What a request is found by. `id` is Stripe's: `req_…`. `cause` is why it failed, empty when
    it did not: the method, the path without ids, and the error. `objects`: the ids that stood in
    it, each between spaces."""

    id: str
    at: float
    method: str
    path: str
    status: int | None
    seconds: float
    client: str
    api_version: str
    idempotency_key: str
    replayed: bool
    error_type: str
    error_code: str
    error_message: str
    cause: str
    objects: str


class Texts(NamedTuple):
    """JSON without secrets: the parameters, the answer, the objects that it changed, and the
    events that it caused as id and type; empty where there is none."""

    params: str
    answer: str
    changes: str
    events: str


def describe(exchange: Exchange, ahead: float) -> tuple[Facts, Texts]:
    """What is stored of the request; the sandbox's clock is `ahead` so many seconds."""
    path = redacted_text(exchange.path)
    params = _params(exchange)
    answer = _answer(exchange)
    error = _error(answer) if exchange.status is None or exchange.status >= 400 else None
    text = redacted_json(answer) if answer is not None else ""
    changes = exchange.changes
    ids = [part for part in path.split("/") if _ID.match(part)]
    ids += _QUOTED_ID.findall(params)
    if isinstance(answer, dict):
        ids += [one for one in answer.values() if type(one) is str and _ID.match(one)]
    ids += [one.id for one in changes.objects]
    ids += [one for one, _ in changes.events]
    facts = Facts(
        exchange.answer_header(b"request-id") or new_request_id(),
        exchange.at + ahead,
        exchange.method,
        path,
        exchange.status,
        round(exchange.seconds, 6),
        client_name(exchange.header(b"user-agent"), exchange.header(b"x-stripe-client-user-agent")),
        exchange.answer_header(b"stripe-version"),
        redacted_key(exchange.header(b"idempotency-key")),
        exchange.answer_header(b"idempotent-replayed") == "true",
        *(error or ("", "", "")),
        cause="" if error is None else _cause(exchange.method, path, exchange.status, *error[:2]),
        objects=f" {' '.join(dict.fromkeys(ids))} " if ids else "",
    )
    return facts, Texts(
        params,
        text,
        redacted_json(_differences(changes.objects)) if changes.objects else "",
        dump_compact(changes.events) if changes.events else "",
    )


def _params(exchange: Exchange) -> str:
    """The query's and the body's fields."""
    if exchange.size > LONGEST_KEPT:
        return dump_compact(f"[{exchange.size} bytes]")
    query, body = exchange.query, exchange.body
    if not query and not body:
        return ""
    try:
        is_json = body[:1] == b"{"
        fields: Any = form.decode((query if is_json or not body else _joined(query, body)).decode())
        if is_json:
            fields |= load(body)
    except ValueError:
        return redacted_json(b"&".join((query, body)).decode("utf-8", "replace"))
    return redacted_json(_arrays(fields))


def _joined(query: bytes, body: bytes) -> bytes:
    return query + b"&" + body if query else body


def _arrays(fields: Any) -> Any:
    """The form's arrays, which are fields named 0, 1, 2 …, as lists."""
    if type(fields) is not dict:
        return fields
    if "0" in fields and all(name == str(at) for at, name in enumerate(fields)):
        return [_arrays(one) for one in fields.values()]
    return {name: _arrays(one) if type(one) is dict else one for name, one in fields.items()}


def _answer(exchange: Exchange) -> Any:
    """The answer, of a long list its first items; None where it is no JSON."""
    if not exchange.answer_header(b"content-type").startswith("application/json"):
        return None
    if len(exchange.answer) > LONGEST_ANSWER:
        return _shortened(exchange.answer.decode())
    try:
        return load(exchange.answer)
    except ValueError:
        return None


def _shortened(text: str) -> Any:
    end = text.rfind(_LIST_END)
    cut = text.rfind(_ITEM_END, 0, LONGEST_ANSWER)
    cut = cut if cut > 0 else text.find(_ITEM_END)
    if 0 < cut < end and text.find(_LIST_END) == end:
        left = text.count(_ITEM_END + ",", cut)
        with suppress(ValueError, KeyError, AttributeError):  # no list, but holds one
            answer = load(text[: cut + len(_ITEM_END)] + text[end:])
            answer["data"].append(f"[{left} more]")
            return answer
    return load(text) if len(text) <= LONGEST_KEPT else f"[{len(text)} characters]"


def _error(answer: Any) -> tuple[str, str, str]:
    """Type, code and message of Stripe's error."""
    error = answer.get("error") if isinstance(answer, dict) else None
    if not isinstance(error, dict):
        return "", "", ""
    code = error.get("decline_code") or error.get("code") or ""
    return str(error.get("type", "")), str(code), redacted_text(str(error.get("message", "")))


def _cause(method: str, path: str, status: int | None, kind: str, code: str) -> str:
    outcome = f"{status} {code or kind}".strip() if status is not None else "no answer"
    return f"{method} {_template(path)}: {outcome}"


@lru_cache(maxsize=1024)
def _template(path: str) -> str:
    """The path without ids: `/v1/customers/{id}`."""
    version, *parts = path.split("/")[1:]
    return "/".join(("", version, *(one if _WORD.match(one) else "{id}" for one in parts)))


def _differences(changes: list[Change]) -> list[dict[str, Any]]:
    """Each object that was changed, with the fields that differ."""
    first: dict[str, Change] = {}
    last: dict[str, Change] = {}
    for change in changes:
        first.setdefault(change.id, change)
        last[change.id] = change
    found = []
    for identifier, change in first.items():
        before, after = change.before, last[identifier].after
        if before is None and after is None:
            continue
        shown: dict[str, Any] = {"object": change.kind, "id": identifier}
        if before is None:
            shown["change"] = "created"
        elif after is None:
            shown["change"] = "deleted"
        else:
            old, new = load(before), load(after)
            differ = [name for name in {**old, **new} if old.get(name) != new.get(name)]
            if not differ:
                continue
            shown["change"] = "updated"
            shown["before"] = {name: old.get(name) for name in differ}
            shown["after"] = {name: new.get(name) for name in differ}
        found.append(shown)
    return found
