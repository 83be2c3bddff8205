"""Who calls a use case, and whether they may.

Routes, pages and commands say who is calling with ``acting_as``; a use case says with ``requires``
what the caller has to be permitted, so that none of them can differ from another.
"""

from __future__ import annotations

import inspect
import time
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar, cast

from billing.domain.access import AuditEntry, AuditResult, Identity, Permission
from billing.errors import BillingError, NotAllowed, NotSignedIn
from billing.tracing import in_span, span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

P = ParamSpec("P")
R = TypeVar("R")

STRANGER = "stranger"
NEEDS = "permission"  # the attribute of a use case that says what it requires


class AuditSink(Protocol):
    """Where the lines of the audit log go."""

    def record(self, entry: AuditEntry) -> None: ...


@dataclass(frozen=True)
class Caller:
    """Who calls: ``identity`` is None for somebody who did not sign in, whose ``address`` is known
    all the same. Without ``audit`` nothing is logged."""

    identity: Identity | None
    audit: AuditSink | None = None
    address: str | None = None

    @property
    def is_admitted(self) -> bool:
        """Somebody who is known, and has a role."""
        return self.identity is not None and self.identity.role is not None

    def record(
        self, action: str, object_id: str, result: AuditResult = AuditResult.DONE, detail: str = ""
    ) -> None:
        """Add a line to the audit log."""
        if self.audit is None:
            return
        known = self.identity
        self.audit.record(
            AuditEntry(
                at=time.time(),
                identity=known.name if known else STRANGER,
                kind=known.kind if known else "",
                role=known.role or "" if known else "",
                action=action,
                object_id=object_id,
                result=result,
                detail=detail,
                address=(known.address if known else None) or self.address or "",
            )
        )


_caller: ContextVar[Caller | None] = ContextVar("caller", default=None)
_permitted: ContextVar[bool] = ContextVar("permitted", default=False)


def acting_as(caller: Caller) -> AbstractContextManager[None]:
    """Within the block, ``caller`` is the one who calls."""
    return _Acting(caller)


class _Acting:  # a generator takes five times as long, at each request
    __slots__ = ("_caller", "_token")

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def __enter__(self) -> None:
        self._token = _caller.set(self._caller)

    def __exit__(self, *_error: object) -> None:
        _caller.reset(self._token)


def become(caller: Caller) -> None:
    """From here on in this thread or task, ``caller`` is the one who calls."""
    _caller.set(caller)


def name_of_caller(otherwise: str) -> str:
    """The person's email or the program's name, ``otherwise`` where nobody signs in."""
    identity = current_identity()
    return identity.name if identity and identity.kind.is_named else otherwise


def current_identity() -> Identity | None:
    """Who is calling; None when nobody is signed in."""
    caller = _caller.get()
    return caller.identity if caller else None


def check(permission: Permission, object_id: str = "", does: str = "") -> None:
    """Raises ``NotSignedIn`` or ``NotAllowed`` when the caller lacks ``permission``. Within a use
    case that was permitted, what it calls is permitted too: a scenario may move the clock."""
    caller = _caller.get()
    identity = caller.identity if caller else None
    if identity is not None and identity.may(permission):
        return
    if _permitted.get():
        return
    refused: BillingError = (
        NotAllowed(identity.refusal(permission) or "") if identity else NotSignedIn()
    )
    if caller is not None:
        caller.record(permission, object_id, AuditResult.REFUSED, _detail(does, refused.message))
    raise refused


@contextmanager
def permitted(permission: Permission, object_id: str = "") -> Iterator[None]:
    """The block is done by a caller who has ``permission``; how it ends is in the audit log.

    Raises ``NotSignedIn`` or ``NotAllowed`` before anything is done.
    """
    check(permission, object_id)
    with _Recorded(permission, [object_id]):
        yield


def requires(
    permission: Permission,
    *,
    on: str | None = None,
    creates: str | None = None,
    reads: bool = False,
    does: str = "",
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorates a use case: the caller needs ``permission``. Whoever did what has it, and whoever
    wanted to, is in the audit log; of one that only ``reads``, as whatever needs ``VIEW`` does,
    refusals alone are.

    ``on`` names the parameter that holds the id of its object, or the attribute of one
    (``payment.id``); ``creates`` the attribute of the result that does. ``does`` says in the log
    what the permission leaves open, with parameters in braces: ``Send it to {endpoint} again``.
    """

    def decorate(use_case: Callable[P, R]) -> Callable[P, R]:
        vars(use_case)[NEEDS] = permission  # for whoever lists the use cases
        name = use_case.__qualname__
        object_of, what = _argument(use_case, on), _words(use_case, does)
        if reads or permission is Permission.VIEW:
            return _reading(use_case, permission, object_of)

        if inspect.iscoroutinefunction(use_case):

            @wraps(use_case)
            async def act_async(*args: P.args, **kwargs: P.kwargs) -> Any:
                object_id, doing = object_of(args, kwargs), what(args, kwargs)
                check(permission, object_id, doing)
                object_ids = [object_id]
                with span(name), _Recorded(permission, object_ids, doing):
                    result: Any = await use_case(*args, **kwargs)
                    if creates:
                        object_ids[:] = [str(getattr(result, creates))]
                    return result

            return cast("Callable[P, R]", act_async)

        @wraps(use_case)
        def act(*args: P.args, **kwargs: P.kwargs) -> R:
            object_id, doing = object_of(args, kwargs), what(args, kwargs)
            check(permission, object_id, doing)
            with span(name), _Recorded(permission, [object_id], doing):
                return use_case(*args, **kwargs)

        return act

    return decorate


def _reading(
    use_case: Callable[P, R],
    permission: Permission,
    object_of: Callable[[tuple[Any, ...], dict[str, Any]], str],
) -> Callable[P, R]:
    @wraps(use_case)
    def read(*args: P.args, **kwargs: P.kwargs) -> R:
        check(permission, object_of(args, kwargs))
        return in_span(use_case.__qualname__, use_case(*args, **kwargs))

    return read


class _Recorded:
    """What is called within the block is permitted; how it ends is logged, but for the inner of
    two. ``object_ids`` may be replaced by one that is known later."""

    __slots__ = ("_caller", "_does", "_is_inner", "_object_ids", "_permission", "_token")

    def __init__(self, permission: Permission, object_ids: list[str], does: str = "") -> None:
        self._permission = permission
        self._object_ids = object_ids
        self._does = does

    def __enter__(self) -> None:
        self._caller, self._is_inner = _caller.get(), _permitted.get()
        self._token = _permitted.set(True)

    def __exit__(
        self, _type: type[BaseException] | None, error: BaseException | None, _traceback: object
    ) -> None:
        _permitted.reset(self._token)
        if self._caller is None or self._is_inner:
            return
        result, reason = AuditResult.DONE, ""
        if error is not None:
            result = AuditResult.FAILED
            reason = error.message if isinstance(error, BillingError) else type(error).__name__
        detail = _detail(self._does, reason)
        self._caller.record(self._permission, " ".join(self._object_ids), result, detail)


def _detail(does: str, reason: str) -> str:
    return ": ".join(filter(None, (does, reason)))


def _words(
    function: Callable[..., Any], does: str
) -> Callable[[tuple[Any, ...], dict[str, Any]], str]:
    """Says of a call what it does."""
    if "{" not in does:
        return lambda _args, _kwargs: does
    signature = inspect.signature(function)
    return lambda args, kwargs: does.format(**signature.bind(*args, **kwargs).arguments)


def _argument(
    function: Callable[..., Any], name: str | None
) -> Callable[[tuple[Any, ...], dict[str, Any]], str]:
    """Finds the value of the parameter ``name``, or of its attribute, in a call."""
    if name is None:
        return lambda _args, _kwargs: ""
    parameter, _, attribute = name.partition(".")
    position = list(inspect.signature(function).parameters).index(parameter)

    def find(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        value = args[position] if position < len(args) else kwargs.get(parameter)
        if attribute:
            value = getattr(value, attribute)
        return "" if value is None else str(value)

    return find
