"""Traces for OpenTelemetry, when they are switched on; nothing is imported and nearly nothing costs while they are
not.

A run is a trace of its own, whose id is the run's: what core does about it, wherever and whenever, belongs to it
without anything being stored, and so does what its program traces, for it is told so by `TRACEPARENT`. A request is a
trace of its own, linked from the runs that it is about.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.metadata import version
from typing import TYPE_CHECKING, TypeVar

from trainyard_core.errors import StartRefused

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import SpanContext, Tracer

__all__ = ["EXPORTERS", "carried", "environment", "is_on", "note", "span", "start", "start_as", "stop"]

A = TypeVar("A")
T = TypeVar("T")
EXPORTERS = ("otlp", "console")
SAMPLED = 1
_NOTHING: AbstractContextManager[None] = nullcontext()
_tracer: Tracer | None = None
_provider: TracerProvider | None = None


def is_on() -> bool:
    """Whether traces are made."""
    return _tracer is not None


def start_as(name: str, service: str) -> None:
    """Switch traces on: `otlp` sends them as the `OTEL_EXPORTER_OTLP_*` variables say, `console` prints them on
    standard output, an empty name leaves them off. Raises StartRefused for another name, or when the extra is
    missing."""
    if not name:
        return
    if name not in EXPORTERS:
        raise StartRefused(f"settings: no exporter of traces '{name}'", fix=f"set `traces` to {' or '.join(EXPORTERS)}")
    try:
        exporter = _exporter(name)
    except ImportError as error:
        raise StartRefused(
            f"traces are switched on and OpenTelemetry is not installed: {error.name}",
            fix="pip install 'trainyard-core[otel]', or leave `traces` empty",
        ) from error
    start(exporter, service, at_once=False)


def _exporter(name: str) -> SpanExporter:
    if name == "console":
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter

        return ConsoleSpanExporter()
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter()


def start(exporter: SpanExporter, service: str, *, at_once: bool) -> None:
    """Make traces from now on. With `at_once` each span is exported when it ends, else they are gathered."""
    global _tracer, _provider
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor

    stop()
    _provider = TracerProvider(resource=Resource.create({"service.name": f"trainyard-{service}"}))
    _provider.add_span_processor((SimpleSpanProcessor if at_once else BatchSpanProcessor)(exporter))
    _tracer = _provider.get_tracer("trainyard", version("trainyard-core"))


def stop() -> None:
    """Export what is left and make no more."""
    global _tracer, _provider
    provider, _tracer, _provider = _provider, None, None
    if provider is not None:
        provider.shutdown()


def span(
    what: str, *, run: str = "", parent: Mapping[str, str] | None = None, **facts: object
) -> AbstractContextManager[None]:
    """A span for a block, below the one around it; with `run`, one of that run's trace, linked to the one around it;
    with `parent` (headers of a request), below the caller's."""
    if _tracer is None:
        return _NOTHING
    return _spanned(_tracer, what, run, parent, facts)


@contextmanager
def _spanned(
    tracer: Tracer, what: str, run: str, parent: Mapping[str, str] | None, facts: Mapping[str, object]
) -> Iterator[None]:
    from opentelemetry import trace
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    around, links, context = trace.get_current_span().get_span_context(), [], None
    root = _root(run)
    if root is not None:
        if around.is_valid and around.trace_id != root.trace_id:
            links.append(trace.Link(around))
            context = trace.set_span_in_context(trace.NonRecordingSpan(root))
        elif not around.is_valid:
            context = trace.set_span_in_context(trace.NonRecordingSpan(root))
    elif parent is not None:
        context = TraceContextTextMapPropagator().extract(parent)
    told = {f"trainyard.{name}": str(value) for name, value in {**facts, **({"run": run} if run else {})}.items()}
    with tracer.start_as_current_span(what, context=context, links=links, attributes=told):
        yield


def note(**facts: object) -> None:
    """Facts about the span around this, that are known only now."""
    if _tracer is not None:
        from opentelemetry import trace

        for name, value in facts.items():
            trace.get_current_span().set_attribute(f"trainyard.{name}", str(value))


def carried(work: Callable[[A], Awaitable[T]]) -> Callable[[A], Awaitable[T]]:
    """The same work, below the span around this also when another thread runs it."""
    if _tracer is None:
        return work
    from opentelemetry import context

    here = context.get_current()

    async def within(argument: A) -> T:
        token = context.attach(here)
        try:
            return await work(argument)
        finally:
            context.detach(token)

    return within


def environment(run: str) -> dict[str, str]:
    """What tells a run's program which trace it belongs to; nothing while traces are off."""
    root = _root(run) if _tracer is not None else None
    if root is None:
        return {}
    return {"TRACEPARENT": f"00-{root.trace_id:032x}-{root.span_id:016x}-{SAMPLED:02x}"}


def _root(run: str) -> SpanContext | None:
    """The place in a run's own trace that all its spans hang from; None for what is no run's id."""
    from opentelemetry.trace import SpanContext, TraceFlags

    digits = run.replace("-", "")
    if len(digits) != 32 or set(digits) - set("0123456789abcdef") or not int(digits, 16):
        return None
    own = hashlib.sha256(run.encode()).digest()[:8]
    return SpanContext(int(digits, 16), int.from_bytes(own) or 1, is_remote=True, trace_flags=TraceFlags(SAMPLED))
