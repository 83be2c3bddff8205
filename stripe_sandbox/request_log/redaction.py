"""Takes secrets out of what is about to be written to the log: keys of the API, signing and client
secrets, numbers of cards and bank accounts, security codes and expiry dates."""

from __future__ import annotations

import re
from typing import Any

from stripe_sandbox.storage.json_text import dump_compact

REDACTED = "[redacted]"
_SECRET = frozenset(
    (
        *("account_number", "api_key", "bsb_number", "client_secret", "cvc", "cvc_update"),
        *("exp", "exp_month", "exp_year", "expiry", "iban", "number", "password"),
        *("routing_number", "secret", "signing_secret", "sort_code"),
    )
)
_LONGEST_PLAIN = 99_999_999_999
"""The largest number that is too short for a card's: amounts and times are smaller."""
_NUMBER = r"(?<![0-9])[0-9](?:[ -]?[0-9]){11,18}(?![0-9])"
# It may well hold a dozen digits in a row.
_UUID = r"\b(?=[0-9-]*[a-f])[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"
_IN_TEXT = re.compile(
    rf"({_UUID})|{_NUMBER}|[a-z]k_(?:test|live)_[^\s'\"\\<>,;&)\]}}*]+|whsec_[\w+/=-]+|"
    r"(?<=_secret_)[\w%-]{8,}",
    re.ASCII,
)
_IS_NUMBER = re.compile(_NUMBER + r"\Z")
_DIGITS = b"0" * 12
_DIGITS_AS_ZERO = bytes.maketrans(b"123456789", b"000000000")
_BETWEEN_DIGITS = b" -+"
_SEARCHES = tuple(
    re.compile(word).search  # one by one: of a single word the beginning is searched for at once
    for word in (
        *(rb"k_(?:test|live)_", rb"whsec_", rb'secret(?!": ?null)', rb"cvc", rb"iban"),
        *(rb'number(?:"(?!: ?null)|[=\]])', rb"api_key", rb"password", rb"sort_code"),
        rb'exp(?:[_"=\]]|iry)',
    )
)


def is_plain(text: bytes) -> bool:
    """Whether a JSON or a form of UTF-8, of which only `@[]` are escaped, certainly holds nothing
    that `redacted_json` takes out: which is cheaper to find out than to take it out."""
    if _DIGITS in text.translate(_DIGITS_AS_ZERO, _BETWEEN_DIGITS):
        return False
    for search in _SEARCHES:  # noqa: SIM110  # half the time of `any`
        if search(text):
            return False
    return True


def redacted_json(value: Any) -> str:
    """The JSON value as compact JSON without secrets: by the names of its fields, and wherever
    else a text looks like a secret or like the number of a card or bank account. The value itself
    is changed."""
    text = dump_compact(value)
    if is_plain(text.encode()):
        return text
    found = _redact(value)
    return dump_compact(_texts_redacted(found))


def redacted_text(text: str) -> str:
    """The text without what looks like a secret or like the number of a card or bank account."""
    return _IN_TEXT.sub(_unless_uuid, text) if _may_hold_one(text) else text


def _unless_uuid(found: re.Match[str]) -> str:
    return found[1] or REDACTED


def _may_hold_one(text: str) -> bool:
    """Whether the search is worth its time: next to no text holds any of it."""
    return (
        "k_test_" in text
        or "k_live_" in text
        or "_secret_" in text
        or "whsec_" in text
        or _DIGITS in text.encode(errors="replace").translate(_DIGITS_AS_ZERO, b" -")
    )


def _texts_redacted(value: Any) -> Any:
    """The value with every text in it redacted by itself: JSON's escapes end in digits."""
    if isinstance(value, dict):
        return {redacted_text(name): _texts_redacted(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_texts_redacted(inner) for inner in value]
    return redacted_text(value) if isinstance(value, str) else value


def redacted_key(key: str) -> str:
    """An idempotency key; one of a UUID's form may well hold a dozen digits in a row."""
    if _IS_NUMBER.match(key):
        return REDACTED
    return key if len(key) == _UUID_LENGTH else redacted_text(key)


_UUID_LENGTH = 36


def _redact(value: Any) -> Any:
    kind = type(value)
    if kind is dict:
        for name, inner in value.items():
            kind = type(inner)
            if name in _SECRET:
                if inner:
                    value[name] = REDACTED
            elif kind is not str and kind is not bool and inner:
                value[name] = _redact(inner)
        return value
    if kind is list:
        return [_redact(inner) for inner in value]
    if kind in (int, float) and abs(value) > _LONGEST_PLAIN:
        return REDACTED
    return value
