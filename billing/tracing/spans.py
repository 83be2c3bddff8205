"""Spans around what takes time."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from opentelemetry.context import Context
    from opentelemetry.trace import SpanKind, Tracer

R = TypeVar("R")
Value = str | int | bool


class Span(Protocol):
    """What can be said of a span while it lasts."""

    def set_attribute(self, key: str, value: Value) -> None: ...

    def update_name(self, name: str) -> None: ...


class _NoSpan:
    """Takes everything, and does nothing with it."""

    def set_attribute(self, key: str, value: Value) -> None: ...

    def update_name(self, name: str) -> None: ...


_OFF = nullcontext[Span](_NoSpan())
_tracer: Tracer | None = None


def use_tracer(tracer: Tracer | None) -> None:
    """Record spans by this tracer from now on; None: none any more."""
    global _tracer
    _tracer = tracer


def span(name: str, attributes: Mapping[str, Value] | None = None) -> AbstractContextManager[Span]:
    """A span around the block, within the current one."""
    if _tracer is None:
        return _OFF
    return _recorded(_tracer, name, attributes)


def named_span(prefix: str, function: Callable[..., Any]) -> AbstractContextManager[Span]:
    """A span that is called after a function, as in ``database write processing.record``."""
    if _tracer is None:
        return _OFF
    named = getattr(function, "func", function)  # of a partial
    name: str = getattr(named, "__qualname__", type(named).__name__)
    name = name.replace(".<locals>", "").replace(".<lambda>", "")
    package, _, module = named.__module__.rpartition(".")
    attributes = {"code.function.name": f"{package}.{module}.{name}"}
    return _recorded(_tracer, f"{prefix} {module}.{name}", attributes)


def server_span(method: str, headers: Mapping[str, str]) -> AbstractContextManager[Span]:
    """A span around a request, within the trace that its ``traceparent`` header names.

    https://www.w3.org/TR/trace-context/
    """
    if _tracer is None:
        return _OFF
    from opentelemetry.trace import SpanKind
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    parent = TraceContextTextMapPropagator().extract(headers)
    return _recorded(_tracer, method, {"http.request.method": method}, SpanKind.SERVER, parent)


def in_span(name: str, result: R) -> R:
    """The result of a call; one that is awaited, within a span."""
    if _tracer is None or not isawaitable(result):
        return result
    return _await_in_span(name, result)  # type: ignore[return-value] # it is awaited all the same


async def _await_in_span(name: str, result: Awaitable[Any]) -> Any:
    with span(name):
        return await result


def trace_id() -> str:
    """The id of the current trace, in hexadecimal; empty where there is none."""
    if _tracer is None:
        return ""
    from opentelemetry.trace import get_current_span

    context = get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else ""


@contextmanager
def _recorded(
    tracer: Tracer,
    name: str,
    attributes: Mapping[str, Value] | None,
    kind: SpanKind | None = None,
    parent: Context | None = None,
) -> Iterator[Span]:
    from opentelemetry.trace import SpanKind, StatusCode

    with tracer.start_as_current_span(
        name,
        parent,
        kind or SpanKind.INTERNAL,
        attributes,
        record_exception=False,  # its message may name a person
        set_status_on_exception=False,
    ) as current:
        try:
            yield current
        except BaseException as error:
            current.set_attribute("error.type", type(error).__name__)
            current.set_status(StatusCode.ERROR)
            raise
