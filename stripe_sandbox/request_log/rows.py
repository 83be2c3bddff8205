"""What the log stores of a request: short facts that it is found by, and its long texts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from stripe_sandbox.api.responses import new_request_id
from stripe_sandbox.parameters import form
from stripe_sandbox.request_log.client_names import client_name
from stripe_sandbox.request_log.exchange import LONGEST_KEPT, Exchange
from stripe_sandbox.request_log.redaction import (
    is_plain,
    redacted_json,
    redacted_key,
    redacted_text,
)
from stripe_sandbox.storage.changes import Change
from stripe_sandbox.storage.json_text import dump_compact, load

LONGEST_ANSWER = 8 * 1024
"""Bytes of a list that are kept, in whole items."""
_LIST = re.compile(rb'\{\n  (?:"object": "\w+",\n  )?"data": \[')
_ITEM_END, _LIST_END = b"\n    }", b"\n  ]"
"""How a list begins in the sandbox's JSON, and how its items and the list itself end."""
_MORE_ITEMS = re.compile(rb"\}(?<=\n    \}),")  # far faster than to search from the line's end
_ID = re.compile(r"[a-z]{2,16}_(?:[a-z]{2,8}_)?[A-Za-z0-9]{14,}\Z")
_ID_IN_JSON = re.compile(r'"([a-z]{2,16}_(?:[a-z]{2,8}_)?[A-Za-z0-9]{14,})"')
_ID_IN_FORM = re.compile(r"=([a-z]{2,16}_(?:[a-z]{2,8}_)?[A-Za-z0-9]{14,})(?![^&])")
_ID_IN_ANSWER = re.compile(rb': "([a-z]{2,16}_(?:[a-z]{2,8}_)?[A-Za-z0-9]{14,})"')
_PLAIN_FORM = re.compile(rb"[a-z_][\w.~+&=\[\]@-]*(?:%(?:40|5[BDbd])[\w.~+&=\[\]@-]*)*\Z")
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
    """Without secrets: the parameters, the answer, the objects that it changed, and the events that
    it caused as id and type; empty where there is none. All are JSON, parameters also the form as
    it was sent (`read_params`)."""

    params: str
    answer: str
    changes: str
    events: str


def describe(exchange: Exchange, ahead: float) -> tuple[Facts, Texts]:
    """What is stored of the request; the sandbox's clock is `ahead` so many seconds."""
    asked, answered = dict(exchange.headers), dict(exchange.answer_headers)
    path, path_ids = _path(exchange.path)
    params = _params(exchange)
    answer, answer_ids, error = _answer(exchange, answered.get(b"content-type", b""))
    changes = exchange.changes
    ids = [*path_ids]
    if params:
        ids += (_ID_IN_FORM if _is_form(params) else _ID_IN_JSON).findall(params)
    ids += answer_ids
    if changes.objects:
        ids += [one.id for one in changes.objects]
        ids += [one for one, _ in changes.events]
    key = asked.get(b"idempotency-key")
    facts = Facts(
        _text(answered.get(b"request-id")) or new_request_id(),
        exchange.at + ahead,
        exchange.method,
        path,
        exchange.status,
        round(exchange.seconds, 6),
        client_name(
            _text(asked.get(b"user-agent")), _text(asked.get(b"x-stripe-client-user-agent"))
        ),
        _text(answered.get(b"stripe-version")),
        redacted_key(_text(key)) if key else "",
        answered.get(b"idempotent-replayed") == b"true",
        *(error or ("", "", "")),
        cause="" if error is None else _cause(exchange.method, path, exchange.status, *error[:2]),
        objects=f" {' '.join(dict.fromkeys(ids))} " if ids else "",
    )
    return facts, Texts(
        params,
        answer,
        redacted_json(_differences(changes.objects)) if changes.objects else "",
        dump_compact(changes.events) if changes.events else "",
    )


@lru_cache(maxsize=1024)
def _path(path: str) -> tuple[str, tuple[str, ...]]:
    """The path without secrets, and the ids in it."""
    shown = redacted_text(path)
    return shown, tuple(part for part in shown.split("/") if _ID.match(part))


def _text(header: bytes | None) -> str:
    return header.decode("latin-1") if header else ""


def read_params(stored: str) -> Any:
    """The parameters of `Texts`, as JSON values; None: there are none."""
    if not stored:
        return None
    return _arrays(form.decode(stored)) if _is_form(stored) else load(stored)


def _is_form(stored: str) -> bool:
    return stored[0] not in '{["'


def _params(exchange: Exchange) -> str:
    """The query's and the body's fields."""
    if exchange.size > LONGEST_KEPT:
        return dump_compact(f"[{exchange.size} bytes]")
    query, body = exchange.query, exchange.body
    if not query and not body:
        return ""
    is_json = body[:1] == b"{"
    try:
        if not is_json:
            given = _joined(query, body)
            if _PLAIN_FORM.match(given) and is_plain(given):
                return given.decode()
        fields: Any = form.decode((query if is_json else given).decode())
        if is_json:
            fields |= load(body)
    except ValueError:
        return redacted_json(b"&".join((query, body)).decode("utf-8", "replace"))
    return redacted_json(_arrays(fields))


def _joined(query: bytes, body: bytes) -> bytes:
    return query + b"&" + body if query and body else query or body


def _arrays(fields: Any) -> Any:
    """The form's arrays, which are fields named 0, 1, 2 …, as lists."""
    if type(fields) is not dict:
        return fields
    if "0" in fields and all(name == str(at) for at, name in enumerate(fields)):
        return [_arrays(one) for one in fields.values()]
    return {name: _arrays(one) if type(one) is dict else one for name, one in fields.items()}


_Error = tuple[str, str, str]


def _answer(exchange: Exchange, content_type: bytes) -> tuple[str, Iterable[str], _Error | None]:
    """The answer, of a long list its first items, empty where it is no JSON; the ids among its
    values; the error."""
    failed = exchange.status is None or exchange.status >= 400
    if not content_type.startswith(b"application/json"):
        return "", (), ("", "", "") if failed else None
    raw = exchange.answer
    if len(raw) > LONGEST_ANSWER:
        raw = _shortened(raw)
    ids = _ids_of_plain(raw)
    if ids is not None and not failed:
        return raw.decode(), ids, None
    try:
        answer = load(raw)
    except ValueError:
        return "", (), ("", "", "") if failed else None
    error = _error(answer) if failed else None
    text = redacted_json(answer)
    found = answer.values() if isinstance(answer, dict) else ()
    return text, [one for one in found if type(one) is str and _ID.match(one)], error


@lru_cache(maxsize=256)  # the same object is often read again
def _ids_of_plain(raw: bytes) -> tuple[str, ...] | None:
    """The ids among an object's own values; None: there may be something to redact."""
    if not raw.startswith(b"{\n") or not is_plain(raw):
        return None
    found = []
    for match in _ID_IN_ANSWER.finditer(raw):
        line = raw.rfind(b"\n", 0, match.start()) + 1
        if raw[line : line + 3] == b'  "':
            found.append(match[1].decode())
    return tuple(found)


def _shortened(raw: bytes) -> bytes:
    """Of a list its first items, and how many more there are."""
    end = raw.rfind(_LIST_END)
    cut = raw.rfind(_ITEM_END, 0, LONGEST_ANSWER)
    cut = cut if cut > 0 else raw.find(_ITEM_END)
    if 0 < cut < end and _LIST.match(raw):
        left = sum(1 for _ in _MORE_ITEMS.finditer(raw, cut))
        more = b',\n    "[%d more]"' % left if left else b""
        return raw[: cut + len(_ITEM_END)] + more + raw[end:]
    return raw if len(raw) <= LONGEST_KEPT else dump_compact(f"[{len(raw)} characters]").encode()


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
    last = {change.id: change for change in changes}
    first = {change.id: change for change in reversed(changes)}
    found = []
    for identifier in last:
        change = first[identifier]
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
