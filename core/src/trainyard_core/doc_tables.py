"""Tables of core for its documentation, generated from the code."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import FunctionType
from typing import Any

import msgspec
import typer
from typer.main import get_command

from trainyard_core import commands as core_commands
from trainyard_core import hookspecs, plugin_commands
from trainyard_core.app import documented, documented_plugin
from trainyard_core.errors import StartRefused, TrainyardError
from trainyard_core.lifecycle import TRANSITIONS, Reason, Status
from trainyard_core.settings import PREFIX, Settings

__all__ = [
    "commands",
    "errors_table",
    "helpers_table",
    "hooks_table",
    "modules_table",
    "plugin_routes_table",
    "reasons_list",
    "routes_table",
    "settings_table",
    "statuses_table",
    "variable",
]

SETTINGS: Mapping[str, str] = {
    "data": "the data directory; set by `--data` or the variable, never in the file",
    "host": "the address to listen on",
    "port": "the port to listen on; 0 for any free one",
    "public_url": "the address that clients, runs and agents use, if it is not the one listened on (behind a proxy)",
    "database": "`sqlite:///PATH` or `postgresql://...`; empty: a file in the data directory",
    "valkey": "`redis://...` or `unix:///PATH`; empty: an embedded one",
    "tracker": "the name of the tracker, which stores series, logs and artifacts",
    "scheduler": "the name of the scheduler that this machine's agent uses",
    "agent": "the name of this server's own agent; empty: it has none",
    "queues": "the queues that the agent serves; `*` for all",
    "plugins": "the plugins to load; empty: all that are installed",
    "prefer": "the names of the plugins to use where several offer the same scheduler, tracker or matrix",
    "stop_grace": "seconds between asking a run to end (TERM) and killing it",
    "platform_retries": "how often a run is retried after failures of the platform, such as a lost process",
    "backoff_first": "seconds before the first retry; doubled each time",
    "backoff_most": "the longest delay before a retry, in seconds",
    "drain": "seconds to wait for more data of an attempt that has ended, while metrics, lines or files are missing",
    "silence": "seconds without a heartbeat after which an agent counts as unreachable",
    "lost_after": "seconds without a heartbeat after which an agent's attempts are declared lost; 0: never",
    "tracked_silence": "seconds without data after which a run that is only tracked is declared lost; 0: never",
    "idempotency_days": "days for which a repeated `Idempotency-Key` returns the same answer",
    "activity_days": "days for which activities are kept, except those of runs that have not ended; 0: for ever",
    "traces": "where OpenTelemetry traces are sent: `otlp` (configured by the `OTEL_EXPORTER_OTLP_*` variables) or"
    " `console`; empty: nowhere",
    "rate_limit": "requests a second of one client to one API process, with bursts of twice as many; 0: no limit",
    "read_timeout": "seconds after which a read of the database is aborted and its request refused",
}
STATUSES: Mapping[Status, str] = {
    Status.CREATED: "accepted and stored",
    Status.COMPILED: "its params are bound and its templates evaluated",
    Status.QUEUED: "waits for its queue and for an agent",
    Status.SCHEDULED: "assigned to an agent",
    Status.STARTING: "its process is being started",
    Status.RUNNING: "its command runs, or has ended and its last metrics and log lines are awaited (`draining`)",
    Status.RETRYING: "the attempt failed, and another one follows after a delay",
    Status.STOPPING: "it was asked to end",
    Status.SUCCEEDED: "ended successfully",
    Status.FAILED: "ended with a failure",
    Status.STOPPED: "ended because a person or a rule stopped it",
    Status.SKIPPED: "ended without being executed",
}
COMMANDS: Mapping[str, Callable[..., Any]] = {
    "yard up": core_commands.up,
    "yard agent": core_commands.agent,
    "yard plugins new": plugin_commands.new,
    "yard plugins check": plugin_commands.check,
}
WIDTH = 100
HELPERS = (
    "trainyard.runner.layout",
    "trainyard.runner.lock",
    "trainyard.runner.finish",
    "trainyard.runner.environ",
    "trainyard.runner.address",
    "trainyard.runner.forkclient",
    "trainyard.runner.forkserver",
    "trainyard.runner.notify",
    "trainyard.runner.proc",
    "trainyard.track.frames",
)
"""Modules beside the contracts that a scheduler or tracker is written with."""
SHAPES: Mapping[str, str] = {
    "register": "collects the results of all plugins",
    "amend": "passes a value through all plugins in name order",
    "authorize": "uses the first result",
    "lifespan": "enters what each plugin returns",
}


def settings_table() -> str:
    """Every setting with its variable, default and meaning."""
    rows = [
        (f"`{field.name}`", variable(field.name), _default(field), SETTINGS[field.name])
        for field in msgspec.structs.fields(Settings)
        if field.name != "sections"
    ]
    return _table(("key", "variable", "default", "meaning"), rows)


def statuses_table() -> str:
    """Every status with what it means and what may follow it."""
    rows = [
        (f"`{status}`", STATUSES[status], _words(each for each in Status if each in following) or "final")
        for status, following in TRANSITIONS.items()
    ]
    return _table(("status", "meaning", "what may follow"), rows)


def reasons_list() -> str:
    """The reasons that core writes, in one line."""
    return _words(reason for reason in Reason if reason)


def errors_table() -> str:
    """Every error code that core answers with its status, whether trying again may help, and its meaning."""
    by_code = {kind.code: kind for kind in reversed(_kinds(TrainyardError))}
    kinds = sorted(by_code.values(), key=lambda kind: (kind.status, kind.code))
    rows = [
        (f"`{kind.code}`", str(kind.status), "yes" if kind.retryable else "", kind.title)
        for kind in kinds
        if kind is not StartRefused
    ]
    return _table(("code", "status", "retryable", "meaning"), rows)


def commands() -> str:
    """A section with its help for each command that comes with the server."""
    return "\n".join(f"### {path}\n\n```text\n{_help(path, command)}\n```\n" for path, command in COMMANDS.items())


def _help(path: str, command: Callable[..., Any]) -> str:
    application = typer.Typer(add_completion=False, rich_markup_mode=None)
    application.command()(command)
    context = get_command(application).make_context(
        path, [], resilient_parsing=True, terminal_width=WIDTH, max_content_width=WIDTH
    )
    return context.get_help().strip()


def helpers_table() -> str:
    """Every module of helpers for authors with what it is for and its public names."""
    modules = [(name, import_module(name)) for name in HELPERS]
    rows = [(f"`{name}`", _first(inspect.getdoc(module) or ""), _words(module.__all__)) for name, module in modules]
    return _table(("module", "what it is for", "names"), rows)


def modules_table(package: str = "") -> str:
    """Every module of a package of core, by its folder, with the first sentence of its docstring. A file without a line
    in it is left out."""
    sources = sorted(Path(__file__).parent.joinpath(package).glob("*.py"))
    texts = {source.stem: source.read_text("utf-8") for source in sources}
    rows = [
        (f"`{name}`", re.split(r"(?<=\.) ", _first(ast.get_docstring(ast.parse(text)) or ""))[0])
        for name, text in texts.items()
        if text.strip()
    ]
    return _table(("module", "what it is for"), rows)


def routes_table() -> str:
    """Every route of core with its first sentence."""
    return _routes(documented())


def plugin_routes_table(plugin: str) -> str:
    """Every route of a plugin with its first sentence."""
    return _routes(documented_plugin(plugin))


def _routes(document: Mapping[str, Any]) -> str:
    rows = [
        (method.upper(), f"`{path}`", _first(operation.get("description", "")))
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]
    return _table(("method", "path", "effect"), rows)


def _kinds(kind: type[TrainyardError]) -> list[type[TrainyardError]]:
    return [kind, *(each for child in kind.__subclasses__() for each in _kinds(child))]


def _first(text: str) -> str:
    return " ".join(text.split("\n\n")[0].split())


def hooks_table() -> str:
    """Every extension point with its answer, its call shape and its meaning, in the order of the module."""
    rows = [
        (f"`{name}`", f"`{inspect.signature(hook).return_annotation}`", _shape(name), _sentence(hook))
        for name, hook in vars(hookspecs).items()
        if isinstance(hook, FunctionType) and hasattr(hook, "trainyard_spec")
    ]
    return _table(("hook", "result", "call", "meaning"), rows)


def variable(key: str) -> str:
    """The environment variable of a setting."""
    return f"`{PREFIX}{key.upper()}`"


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.name == "data":
        return "`~/.trainyard`"
    value = field.default
    if isinstance(value, tuple):
        value = ",".join(value)
    return "" if value in ("", msgspec.NODEFAULT) else f"`{value}`"


def _shape(name: str) -> str:
    return next(
        text
        for word, text in SHAPES.items()
        if word == name or name.startswith(f"{word}_") or name.endswith(f"_{word}")
    )


def _sentence(hook: FunctionType) -> str:
    return _first(inspect.getdoc(hook) or "")


def _words(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
