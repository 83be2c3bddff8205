"""Text that others wrote, made safe to store, to log and to show."""

from __future__ import annotations

import re

SECRET = "[secret]"  # noqa: S105 - what stands where one stood
TOKEN_PREFIX = "bdt_"  # noqa: S105 - of the tokens that this app gives to programs

# What is blotted out, by the words without which it cannot be there: looking for those is quick.
# A first group is kept, as it says what stood behind it. Repeats are bounded, so that a long line
# costs no more than its length.
_PATTERNS = tuple(
    (hint, re.compile(pattern, re.IGNORECASE))
    for hints, pattern in (
        # Stripe's keys and signing secrets, but not sk_test_… in a sentence that asks for one:
        # https://docs.stripe.com/keys
        (
            ("k_test_", "k_live_", "k_org_"),
            r"()[a-z]k_(?:org_)?(?:test|live)_(?!…)[^\s'\"\\<>,;&)\]}]+",
        ),
        ((TOKEN_PREFIX,), rf"(){TOKEN_PREFIX}[a-z0-9_-]{{20,}}"),
        (("whsec_",), r"()whsec_(?!…)[^\s'\"\\<>,;&)\]}]+"),
        # Client secrets: pi_…_secret_…, seti_…_secret_…, cs_…_secret_…
        (("_secret_",), r"(_secret_)[a-z0-9%_-]{8,}"),
        # Passwords in URLs. A database's may hold a slash.
        (
            ("postgres", "mysql", "mariadb", "oracle", "mssql", "redis", "amqp"),
            r"(\b[a-z][a-z0-9+]{0,40}://[^\s:/@]{0,256}:)[^\s]{0,256}(?=@)",
        ),
        (("://",), r"(://[^\s:/?#@]{0,256}:)[^\s/?#]{0,256}(?=@)"),
        # In headers, queries, forms, JSON, and as Python writes a dictionary.
        (
            ("authorization", "api-key"),
            (
                r"(\b(?:authorization|x-api-key)['\"]?\s{0,9}[:=,]\s{0,9}(?:b?['\"])?)"
                r"(?:(?:bearer|basic|digest|token)\s{1,9})?[^\s'\",]+"
            ),
        ),
        (("bearer",), r"(\bbearer\s{1,9})[a-z0-9._~+/=-]{8,}"),
        (
            ("password", "passwd", "pwd", "key", "token", "client_secret"),
            (
                r"(\b(?:password|passwd|pwd|api_?key|secret_?key|client_secret|[a-z]{2,9}_token)"
                r"(?:=|['\"]\s{0,9}:\s{0,9}b?['\"]))[^\s'\"&,;]+"
            ),
        ),
    )
    for hint in hints
)

# Control characters, line ends of other alphabets, and what turns the direction of writing.
_CONTROLS = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def redact(text: str) -> str:
    """``text`` with keys, signing and client secrets, passwords and tokens blotted out."""
    lowered = text.lower()
    for hint, pattern in _PATTERNS:
        if hint in lowered:
            text = pattern.sub(rf"\1{SECRET}", text)
    return text


def escape_controls(text: str) -> str:
    r"""``text`` on one line: line breaks, ANSI and other control characters written as ``\n``."""
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def sanitize(text: str) -> str:
    """``text`` as every database and page can hold it: with a replacement character for NUL and
    for half a surrogate pair."""
    if text.isascii() and "\x00" not in text:  # nearly always, and known at a glance
        return text
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\x00", "\N{REPLACEMENT CHARACTER}")
