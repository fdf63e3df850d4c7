"""Rendering a lowered operation, with its inputs bound, into a resolved one."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from pydantic import JsonValue

from trainyard.compile.bind import Bindings
from trainyard.compile.context import TOKENS
from trainyard.compile.lower import LocatedText, LoweredOperation
from trainyard.compile.render import Renderer
from trainyard.compile.report import Findings
from trainyard.compile.resolved import Checkout, Code, ContainerSpec, Notification, OutputType, Resources
from trainyard.compile.value import text_of
from trainyard.spec.container import AuxiliaryContainer
from trainyard.spec.convert import convert
from trainyard.spec.error import Path
from trainyard.spec.model import is_name, is_template
from trainyard.spec.operation import Operation, Termination
from trainyard.spec.quantity import amount, cores, devices, memory_bytes
from trainyard.spec.run import Git, InitStep

__all__ = [
    "MOST_PRIORITY",
    "approved",
    "check_given",
    "checkouts",
    "code",
    "command",
    "connections",
    "described",
    "environment",
    "init",
    "limits",
    "name",
    "notifications",
    "output_types",
    "priority",
    "queue",
    "resources",
    "sidecars",
    "tags",
    "working_dir",
]

_QUEUE = re.compile(r"([-a-zA-Z0-9_.]+/)?[-a-zA-Z0-9_.]+")
_SHELL = ("/bin/sh", "-c")
_NAME_PROBLEM = ("the name is not 1 to 128 of letters, digits, `-` and `_`", "give a plain name")
_QUEUE_PROBLEM = ("this is not the name of a queue", "write `queue` or `agent/queue`")
MAX_RETRIES = 1000
MOST_PRIORITY = 1_000_000


def command(lowered: LoweredOperation, renderer: Renderer) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Command and arguments. `cmd` is one script for a shell that stops at the first line that fails."""
    if lowered.body.cmd:
        lines = renderer.texts((*lowered.at, "cmd"), lowered.body.cmd)
        return _SHELL, ("\n".join(("set -e", *lines)),)
    at = lowered.container_at
    written = lowered.container
    return renderer.texts((*at, "command"), written.command), renderer.texts((*at, "args"), written.args)


def working_dir(lowered: LoweredOperation, renderer: Renderer) -> str | None:
    """The folder to start in, relative to the code; those of the attempt are not known in time for it."""
    path = (*lowered.container_at, "working_dir")
    found = renderer.text(path, lowered.container.working_dir)
    if found is not None and any(token in found for token in TOKENS):
        renderer.report.add(path, "the folders of the run cannot be the working directory", "`cd` to it in the command")
    return found


def environment(lowered: LoweredOperation, bound: Bindings, renderer: Renderer) -> dict[str, str]:
    """The variables that are written out and those that inputs ask for; one without a value is not set."""
    variables: dict[str, str] = {}
    for name, placed in lowered.env.items():
        text = renderer.text(placed.path, placed.text)
        if text is not None:
            variables[name] = text
    values: Mapping[str, JsonValue] = {**bound.inputs, **bound.context_only}
    for name, (source, path) in bound.env.items():
        if name in lowered.env:
            renderer.report.add(path, f"the variable `{name}` is set by `env` too", "choose another name")
        if values.get(source) is not None:
            variables[name] = text_of(values[source])
    return variables


def output_types(lowered: LoweredOperation, renderer: Renderer) -> dict[str, OutputType]:
    """The declared outputs, with the values that the file gives beforehand."""
    outputs: dict[str, OutputType] = {}
    for index, io in enumerate(lowered.body.outputs):
        path = (*lowered.at, "outputs", index, "value")
        value = renderer.tree(path, io.value)
        try:
            known = None if value is None else convert(value, io)
        except ValueError as error:
            renderer.report.add(path, f"output `{io.name}`: {error}", f"the output is declared as `{io.type}`")
            known = None
        outputs[io.name] = OutputType(type=io.type, is_list=io.is_list, is_optional=io.is_optional, value=known)
    return outputs


def resources(lowered: LoweredOperation, renderer: Renderer) -> Resources:
    """The size that is stated; what is not stated is 0."""
    readers: dict[str, Callable[[str], float]] = {"cpu": cores, "memory": memory_bytes, "gpu": devices}
    found = {name: _amount(placed, renderer, readers.get(name, amount)) for name, placed in lowered.amounts.items()}
    return Resources(
        cpu=found.pop("cpu", 0.0),
        memory=int(found.pop("memory", 0)),
        gpu=int(found.pop("gpu", 0)),
        other={name: float(stated) for name, stated in found.items() if stated},
    )


def _amount(placed: LocatedText, renderer: Renderer, read: Callable[[str], float]) -> float:
    text = renderer.text(placed.path, placed.text)
    try:
        return read(text) if text is not None else 0
    except ValueError as error:
        renderer.report.add(placed.path, str(error))
        return 0


def limits(operation: Operation, lowered: LoweredOperation, renderer: Renderer) -> tuple[int, float | None]:
    """Retries and the time limit in seconds; what the operation says wins over its component."""
    retries, timeout = 0, None
    for at, written in _terminations(operation, lowered):
        if "max_retries" in written.model_fields_set:
            retries = int(_count((*at, "max_retries"), written.max_retries, renderer, whole=True))
        if written.timeout is not None:
            timeout = _count((*at, "timeout"), written.timeout, renderer, whole=False)
    return retries, timeout


def _terminations(operation: Operation, lowered: LoweredOperation) -> list[tuple[Path, Termination]]:
    bodies = (
        [(lowered.at, lowered.body)] if lowered.body is operation else [(lowered.at, lowered.body), ((), operation)]
    )
    return [((*at, "termination"), body.termination) for at, body in bodies if body.termination is not None]


def _count(path: Path, source: float | str, renderer: Renderer, *, whole: bool) -> float:
    value = renderer.value(path, source)
    if value is None:
        return 0
    number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else -1.0
    if whole and not (number.is_integer() and 0 <= number <= MAX_RETRIES):
        renderer.report.add(path, f"must be a whole number from 0 to {MAX_RETRIES}", "give fewer retries")
        return 0
    if not whole and not 0 < number < 2**40:
        renderer.report.add(path, "must be a number of seconds, more than 0", "give a number")
        return 0
    return number


def name(operation: Operation, lowered: LoweredOperation, renderer: Renderer) -> str | None:
    """The name, checked once its template has been evaluated."""
    found = described("name", operation, lowered, renderer)
    if found is not None and not is_name(found):
        at: Path = ("name",) if operation.name is not None else (*lowered.at, "name")
        renderer.report.add(at, *_NAME_PROBLEM)
    return found


def described(field: str, operation: Operation, lowered: LoweredOperation, renderer: Renderer) -> str | None:
    """A field of the operation, or of its component when the operation does not have it."""
    own = getattr(operation, field)
    path = (field,) if own is not None else (*lowered.at, field)
    return renderer.text(path, own if own is not None else getattr(lowered.body, field))


def check_given(report: Findings, *, name: str | None, queue: str | None, code: Code | None) -> None:
    """What a caller gives in place of the file is held to the same rules."""
    if name is not None and not is_name(name):
        report.add_given("name", *_NAME_PROBLEM)
    if queue is not None and not _QUEUE.fullmatch(queue):
        report.add_given("queue", *_QUEUE_PROBLEM)
    problem = _url_problem(code.url) if code is not None and code.url is not None else None
    if problem:
        report.add_given("code.url", *problem)
    if code is not None and code.connection is not None and (code.kind != "git" or code.patch is not None):
        report.add_given("code.connection", "a connection checks out `git` code, without a patch", "leave out `patch`")


def queue(operation: Operation, lowered: LoweredOperation, renderer: Renderer) -> str:
    """The queue, as `queue` or `agent/queue`; `default` when the file names none."""
    path: Path = ("queue",) if operation.queue is not None else (*lowered.at, "queue")
    source = operation.queue if operation.queue is not None else lowered.body.queue
    found = renderer.text(path, source)
    if found is None:
        return "default"
    if not _QUEUE.fullmatch(found):
        renderer.report.add(path, *_QUEUE_PROBLEM)
    return found


def approved(operation: Operation, lowered: LoweredOperation, renderer: Renderer) -> bool:
    """Whether nobody's approval is waited for: what the operation says wins over its component."""
    own = operation.is_approved is not None
    path: Path = ("is_approved",) if own else (*lowered.at, "is_approved")
    found = renderer.value(path, operation.is_approved if own else lowered.body.is_approved)
    if found is not None and not isinstance(found, bool):
        renderer.report.add(path, "whether a run is approved is true or false", "write `true` or `false`")
    return found is not False


def priority(lowered: LoweredOperation, renderer: Renderer) -> int:
    """How urgent the run is among those of its project; 0 when the file does not say."""
    written = lowered.job.environment if lowered.job else None
    if written is None or written.priority is None:
        return 0
    path = (*lowered.at, "run", "environment", "priority")
    value = renderer.value(path, written.priority)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MOST_PRIORITY:
        return value
    if value is not None:
        renderer.report.add(path, f"must be a whole number from -{MOST_PRIORITY} to {MOST_PRIORITY}", "give a number")
    return 0


def tags(operation: Operation, lowered: LoweredOperation, renderer: Renderer, more: tuple[str, ...]) -> tuple[str, ...]:
    """Tags of the component, the operation and the caller, each once."""
    found = renderer.texts((*lowered.at, "tags"), lowered.body.tags)
    if lowered.body is not operation:
        found += renderer.texts(("tags",), operation.tags)
    return tuple(dict.fromkeys((*found, *more)))


def code(lowered: LoweredOperation, renderer: Renderer) -> Code:
    """The source that `init` asks for; none if it asks for none."""
    found = [(path, step) for path, step in _code_steps(lowered) if step.path is None]
    if len(found) > 1:
        fix = "keep one such step, or give the `path` of another one that names a `connection`"
        renderer.report.add(found[1][0], "this version brings code from one place", fix)
    return _git(found[0][1], found[0][0], renderer) if found else Code(kind="none")


def checkouts(lowered: LoweredOperation, renderer: Renderer) -> tuple[Checkout, ...]:
    """What connections check out beside the code, in order."""
    found: list[Checkout] = []
    for at, step in _code_steps(lowered):
        path = renderer.text((*at, "path"), step.path)
        code = _git(step, at, renderer) if step.path is not None else None
        if path is None or code is None or code.connection is None:
            continue
        where = posixpath.normpath(path)
        if where == "." or where.startswith("/") or where.split("/")[0] == "..":
            said = "a checkout is below the folder of the code"
            renderer.report.add((*at, "path"), said, "write a relative path such as `vendor/model`")
        if any(each.path == where for each in found):
            renderer.report.add((*at, "path"), f"two steps check out into `{where}`", "give another `path`")
        found.append(
            Checkout(connection=code.connection, path=where, url=code.url, revision=code.commit, flags=code.flags)
        )
    return tuple(found)


def _code_steps(lowered: LoweredOperation) -> list[tuple[Path, InitStep]]:
    """The steps that bring code, each with its place."""
    at, steps = (*lowered.at, "run", "init"), lowered.job.init if lowered.job else ()
    return [((*at, index), step) for index, step in enumerate(steps) if step.container is None]


def init(lowered: LoweredOperation, renderer: Renderer) -> tuple[ContainerSpec, ...]:
    """The containers that run before the command, in order."""
    steps = lowered.job.init if lowered.job else ()
    return tuple(
        _container(step.container, (*lowered.at, "run", "init", index, "container"), f"init-{index + 1}", renderer)
        for index, step in enumerate(steps)
        if step.container is not None
    )


def connections(lowered: LoweredOperation, renderer: Renderer) -> tuple[str, ...]:
    """The names of the connections that it uses, each once."""
    at, written = (*lowered.at, "run", "connections"), lowered.job.connections if lowered.job else ()
    return tuple(dict.fromkeys(renderer.texts(at, written)))


def notifications(operation: Operation, lowered: LoweredOperation, renderer: Renderer) -> tuple[Notification, ...]:
    """What is told of the run: what the operation says wins over its component."""
    own = operation.plugins is not None
    at: Path = (*(() if own else lowered.at), "plugins", "notifications")
    plugins = operation.plugins if own else lowered.body.plugins
    return tuple(
        Notification(
            trigger=each.trigger,
            connections=tuple(dict.fromkeys(renderer.texts((*at, index, "connections"), each.connections))),
        )
        for index, each in enumerate(plugins.notifications if plugins is not None else ())
    )


def sidecars(
    lowered: LoweredOperation, renderer: Renderer, init: tuple[ContainerSpec, ...]
) -> tuple[ContainerSpec, ...]:
    """The containers that run beside the command. No two containers have one name."""
    at, written = (*lowered.at, "run", "sidecars"), lowered.job.sidecars if lowered.job else ()
    found = tuple(
        _container(each, (*at, index), f"sidecar-{index + 1}", renderer) for index, each in enumerate(written)
    )
    names = [each.name for each in (*init, *found)]
    if twice := next((name for name in names if names.count(name) > 1), None):
        renderer.report.add((*lowered.at, "run"), f"two containers are called `{twice}`", "rename one of them")
    return found


def _container(written: AuxiliaryContainer, at: Path, name: str, renderer: Renderer) -> ContainerSpec:
    found = ContainerSpec(
        name=renderer.text((*at, "name"), written.name) or name,
        command=renderer.texts((*at, "command"), written.command),
        args=renderer.texts((*at, "args"), written.args),
        env={key: renderer.text((*at, "env", key), text) or "" for key, text in written.env.items()},
        image=renderer.text((*at, "image"), written.image) or "",
        working_dir=renderer.text((*at, "working_dir"), written.working_dir) or "",
    )
    if not is_name(found.name):
        renderer.report.add((*at, "name"), *_NAME_PROBLEM)
    if not written.command and written.image is None:
        renderer.report.add(at, "there is nothing to run", "add a `command`")
    return found


def _git(step: InitStep, at: Path, renderer: Renderer) -> Code:
    connection = renderer.text((*at, "connection"), step.connection)
    written, at = step.git or Git(), (*at, "git")
    url = renderer.text((*at, "url"), written.url)
    problem = None if url is None or is_template(url) else _url_problem(url)
    if problem:
        renderer.report.add((*at, "url"), *problem)
    revision = renderer.text((*at, "revision"), written.revision)
    if revision is not None and revision.startswith("-"):
        renderer.report.add((*at, "revision"), "a revision does not begin with `-`", "name a commit, tag or branch")
    flags = renderer.texts((*at, "flags"), written.flags)
    if any(not flag.startswith("--") for flag in flags):
        renderer.report.add((*at, "flags"), "a flag begins with `--`", "write such as `--depth=1`")
    if connection is None:
        return Code(kind="git", url=url or "", commit=revision)
    return Code(kind="git", url=url, commit=revision, connection=connection, flags=flags)


def _url_problem(url: str) -> tuple[str, str] | None:
    if url.startswith("-") or "::" in url:
        return "this is not a URL that git may be given", "write an https, ssh or file URL, or a path"
    try:
        parts = urlsplit(url)
        secret = parts.password or (parts.username if parts.scheme in ("http", "https") else None)
    except ValueError:
        return "this is not a URL", "write an https, ssh or file URL, or a path"
    if secret is not None:
        return "the URL holds a password or token, which would be stored with the run", "use git's credential helper"
    return None
