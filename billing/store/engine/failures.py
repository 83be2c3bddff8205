"""A database's errors as ``StoreFailure``: what is wrong and what to do, in words."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote, quote_plus

from billing.errors import StoreFailure
from billing.safe_text import SECRET
from billing.settings.model import DATABASE_URL

MESSAGE_LENGTH = 300  # characters of the database's own message
NOTHING_LOST = "No confirmed data was lost."


class _KnownError(NamedTuple):
    """Known by ``codes`` (SQLSTATEs, names of SQLite's) or by the ``pattern`` of its message:
    PostgreSQL gives no code while it is being connected to."""

    codes: tuple[str, ...]
    pattern: str  # a regular expression, in lower case
    message: str
    next_step: str


# https://www.postgresql.org/docs/current/errcodes-appendix.html, https://sqlite.org/rescode.html
_KNOWN_ERRORS = (
    _KnownError(
        ("53100", "SQLITE_FULL"),
        "disk is full|no space left",
        "The database's disk is full.",
        f"Free some space. {NOTHING_LOST}",
    ),
    _KnownError(
        (),
        "disk i/o error",
        "The database's file cannot be written.",
        f"Its disk may be full, over quota or broken. {NOTHING_LOST}",
    ),
    _KnownError(
        ("55P03", "SQLITE_BUSY", "SQLITE_LOCKED"),
        "is locked|lock timeout",
        "The database is locked by another program.",
        "Close it, or wait until it is done.",
    ),
    _KnownError(
        ("25006", "42501", "SQLITE_READONLY"),
        "readonly|read-only|permission denied",
        "The database is read-only.",
        "Allow this user to write to it.",
    ),
    _KnownError(
        ("SQLITE_CORRUPT", "SQLITE_NOTADB"),
        "malformed|not a database",
        "The database file is damaged or is not a database.",
        f"Restore it, or set {DATABASE_URL} to another file.",
    ),
    _KnownError(
        ("SQLITE_CANTOPEN",),
        "unable to open database file",
        "The database file cannot be opened.",
        f"{DATABASE_URL} must name a file, in a folder that this user may write to.",
    ),
    _KnownError(
        ("28000", "28P01"),
        "authentication failed|no password supplied|not permitted to log in|pg_hba.conf"
        '|role ".*" does not exist|no such user',
        "The database does not accept the user or the password.",
        f"Correct them in {DATABASE_URL}, or allow this user on the server.",
    ),
    _KnownError(
        ("3D000",),
        'database ".*" does not exist|no such database',
        "The database does not exist on its server.",
        f"Create it, or correct its name in {DATABASE_URL}.",
    ),
    _KnownError(
        ("53300",),
        "too many (clients|connections)|connection slots|max_client_conn",
        "The database server has no connections left.",
        "Close some of its connections, or raise its limit (max_connections).",
    ),
    _KnownError(
        ("57014", "SQLITE_INTERRUPT"),
        "statement timeout|interrupted",
        "The database took too long.",
        "Try again when it is less busy.",
    ),
    _KnownError(
        (),
        "failed to resolve|could not translate host",
        "The database's host name cannot be resolved.",
        f"Correct it in {DATABASE_URL}, or check the network's DNS.",
    ),
    _KnownError(
        (),
        "connection refused|no such file or directory",
        "The database does not answer: no server is listening at its address.",
        f"Start the server, or correct the host and port in {DATABASE_URL}.",
    ),
    _KnownError(
        (),
        "timeout expired",
        "The database did not answer in time.",
        "Check its server and the network.",
    ),
)
_SILENT = _KnownError(
    ("08", "57P"), "", "The database does not answer.", f"Check the server behind {DATABASE_URL}."
)
_OTHER = _KnownError((), "", "The database reports an error.", "See its log for details.")


def store_failure(error: Exception, password: str | None = None) -> StoreFailure:
    """An error of the database in words, its own message at the end without the ``password``."""
    original = getattr(error, "orig", None) or error
    text = str(original).strip() or type(original).__name__
    for form in {password, quote(password), quote_plus(password)} if password else ():
        text = text.replace(form, SECRET)
    first_line = text.splitlines()[0][:MESSAGE_LENGTH].rstrip(".")
    known = _known_error(code_of(original), text.lower())
    return StoreFailure(known.message, f"{known.next_step} The database says: {first_line}.")


def code_of(error: BaseException | None) -> str:
    """The database's code for an error: a SQLSTATE, or SQLite's name; empty without one."""
    return str(getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None) or "")


def _known_error(code: str, text: str) -> _KnownError:
    for known in _KNOWN_ERRORS:
        # SQLite adds to its names, as in SQLITE_BUSY_SNAPSHOT.
        if code.startswith(known.codes) or re.search(known.pattern, text):
            return known
    return _SILENT if not code or code.startswith(_SILENT.codes) else _OTHER
