"""Traces by OpenTelemetry: off, without import or cost, unless its standard variables are set.

Spans name functions, routes, statuses and ids of Stripe's objects; never a secret or an email.
"""

from billing.tracing.exporting import start_tracing, wants_tracing
from billing.tracing.spans import in_span, named_span, server_span, span, trace_id

__all__ = [
    "in_span",
    "named_span",
    "server_span",
    "span",
    "start_tracing",
    "trace_id",
    "wants_tracing",
]
