"""What differs between runs: the pure half of `yard compare`. It ranks runs by a metric and names each thing that two
runs do not share; how that looks is the command's."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from trainyard.client.models import RunRecord

__all__ = ["Difference", "best_and_worst", "differences", "ranked", "varying"]

_ABSENT = object()
_COMMAND = "origin.command"


class Difference(NamedTuple):
    """One thing that two runs do not share; None where a run does not have it."""

    kind: str
    name: str
    best: Any
    worst: Any


def ranked(runs: Iterable[RunRecord], metric: str, *, minimize: bool) -> list[RunRecord]:
    """The runs by the last value of a metric, the best first; those without a finite one last. Of equal ones the one
    named first is better."""
    return sorted(runs, key=lambda run: _rank(_metric(run, metric), minimize=minimize))


def best_and_worst(runs: Iterable[RunRecord], metric: str, *, minimize: bool) -> tuple[RunRecord, RunRecord] | None:
    """The best and the worst of `ranked`. Runs without a finite value are left out; None when less than two are
    left."""
    found = ranked((run for run in runs if math.isfinite(_metric(run, metric))), metric, minimize=minimize)
    return (found[0], found[-1]) if len(found) > 1 else None


def differences(best: RunRecord, worst: RunRecord) -> list[Difference]:
    """What differs in params, code, environment and attempt, in that order."""
    found: list[Difference] = []
    same = _same_command(best, worst)
    for kind, of in (("param", _params), ("code", _code), ("env", _environment), ("attempt", _attempt)):
        found += [each for each in _between(kind, of(best), of(worst)) if not (same and each.name == _COMMAND)]
    return found


def _same_command(best: RunRecord, worst: RunRecord) -> bool:
    """Whether the commands differ in nothing but params, which are told by themselves."""
    return _without_params(best) == _without_params(worst)


def _without_params(run: RunRecord) -> list[str]:
    """The words of the command that started a run, without `--name value`, `--name=value` and `name=value` of
    params."""
    rest: list[str] = []
    is_value = False
    for word in _words(run):
        name, equals, _ = word.lstrip("-").partition("=")
        is_param = bool(equals or word.startswith("--")) and name.replace("-", "_") in run.params
        if not is_param and not (is_value and not word.startswith("--")):
            rest.append(word)
        is_value = is_param and not equals
    return rest


def _words(run: RunRecord) -> list[str]:
    words = _part(run.meta, "origin").get("command")
    return [*map(str, words)] if isinstance(words, list) else []


def varying(tables: Sequence[Mapping[str, Any]]) -> list[str]:
    """The names whose values are not the same in all tables, in the order of their first appearance."""
    names = dict.fromkeys(name for table in tables for name in table)
    first = tables[0] if tables else {}
    return [n for n in names if any(table.get(n, _ABSENT) != first.get(n, _ABSENT) for table in tables)]


def _between(kind: str, best: Mapping[str, Any], worst: Mapping[str, Any]) -> list[Difference]:
    return [Difference(kind, name, best.get(name), worst.get(name)) for name in varying([best, worst])]


def _rank(value: float, *, minimize: bool) -> tuple[bool, float]:
    """What runs are sorted by."""
    return (False, value if minimize else -value) if math.isfinite(value) else (True, 0.0)


def _metric(run: RunRecord, name: str) -> float:
    return float(run.metrics.get(name, math.nan))


def _params(run: RunRecord) -> Mapping[str, Any]:
    return run.params


def _code(run: RunRecord) -> Mapping[str, Any]:
    """Where the program came from, as resolved for a managed run and as recorded by a tracked one."""
    return {**_flat(_part(run.meta, "code")), **_flat(_part(run.resolved or {}, "code"))}


def _environment(run: RunRecord) -> Mapping[str, Any]:
    """Variables, image, size and whatever else was recorded of where it ran."""
    resolved = run.resolved or {}
    sized = {name: resolved[name] for name in ("image", "resources") if resolved.get(name)}
    recorded = {name: value for name, value in run.meta.items() if name != "code"}
    return {**_flat(recorded), **_flat(sized), **_part(resolved, "env")}


def _attempt(run: RunRecord) -> Mapping[str, Any]:
    return {"number": run.attempt}


def _part(table: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = table.get(name)
    return part if isinstance(part, dict) else {}


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat
