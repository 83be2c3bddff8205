"""Sends spans where OpenTelemetry's standard variables say.

https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
"""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from billing import __version__
from billing.tracing.spans import use_tracer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

log = logging.getLogger(__name__)

SERVICE = "billing-dashboard"
PROTOCOL = "http/protobuf"
END_SECONDS = 1.0  # for what is not sent yet, when the server stops
WANTED_BY = (
    "OTEL_TRACES_EXPORTER",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
)


def wants_tracing(environment: Mapping[str, str]) -> bool:
    """Whether the variables ask for it."""
    is_disabled = environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    exporter = environment.get("OTEL_TRACES_EXPORTER", "").strip()
    return not is_disabled and exporter != "none" and any(map(environment.get, WANTED_BY))


@contextmanager
def start_tracing(environment: Mapping[str, str]) -> Iterator[None]:
    """Record and send spans within the block, if the variables ask for it. Where that cannot be,
    the log says why, and nothing else is different."""
    if not wants_tracing(environment):
        yield
        return
    if problem := _problem(environment):
        log.warning("Tracing is off: %s", problem)
        yield
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        log.warning(
            "Tracing is off: OpenTelemetry is not installed. "
            "Run pip install -r requirements-team.txt."
        )
        yield
        return
    named = "service.name=" in environment.get("OTEL_RESOURCE_ATTRIBUTES", "")
    is_named = named or "OTEL_SERVICE_NAME" in environment
    own = {SERVICE_VERSION: __version__} | ({} if is_named else {SERVICE_NAME: SERVICE})
    provider = TracerProvider(resource=Resource.create(own), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    use_tracer(provider.get_tracer(SERVICE, __version__))
    log.info("Tracing is on")
    try:
        yield
    finally:
        use_tracer(None)
        # A collector that does not answer must not hold up the end.
        ending = threading.Thread(target=provider.shutdown, name="tracing-end", daemon=True)
        ending.start()
        ending.join(END_SECONDS)


def _problem(environment: Mapping[str, str]) -> str:
    """What is asked for and cannot be had; empty where nothing is."""
    exporter = environment.get("OTEL_TRACES_EXPORTER", "").strip() or "otlp"
    if exporter != "otlp":
        return f"OTEL_TRACES_EXPORTER is {exporter}, and only otlp is known here."
    for name in ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"):
        if (protocol := environment.get(name, PROTOCOL)) != PROTOCOL:
            return f"{name} is {protocol}, and only {PROTOCOL} is spoken here."
    return ""
