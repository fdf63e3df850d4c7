"""The kinds of matrix that there are: those of the language, and those that installed distributions offer in the entry
point group `trainyard.matrix`.

Nothing is loaded before it is asked for. A kind of the language cannot be replaced; where two distributions offer the
same kind, there is neither, and both are named.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from trainyard.spec.matrix.base import Matrix
from trainyard.spec.model import problem

__all__ = ["GROUP", "LANGUAGE", "find", "kinds", "sound"]

GROUP = "trainyard.matrix"
LANGUAGE = {
    "mapping": ("listing", "ListMatrix"),
    "grid": ("listing", "GridMatrix"),
    "random": ("listing", "RandomMatrix"),
    "hyperband": ("guided", "HyperbandMatrix"),
    "bayes": ("guided", "BayesMatrix"),
    "tpe": ("guided", "TpeMatrix"),
    "hyperopt": ("guided", "HyperoptMatrix"),
    "iterative": ("tuner", "IterativeMatrix"),
}
"""The kinds that the language has itself, with the module and the class of each."""


def kinds() -> Iterable[str]:
    """The names of all kinds. Loads none."""
    return (*LANGUAGE, *(name for name in sorted(_points()) if name not in LANGUAGE))


@cache
def find(kind: str) -> type[Matrix] | None:
    """The model of a kind; None when nobody offers it. Raises a problem for one that cannot be loaded."""
    if kind in LANGUAGE:
        module, name = LANGUAGE[kind]
        found: type[Matrix] = getattr(import_module(f"trainyard.spec.matrix.{module}"), name)
        return found
    points = _points().get(kind, [])
    if len(points) > 1:
        sources = " and ".join(sorted(map(_source, points)))
        raise problem(f"the kind `{kind}` comes with {sources}", "uninstall all but one, or take another kind")
    return _load(points[0]) if points else None


def sound() -> dict[str, type[Matrix]]:
    """All kinds that can be loaded; those that cannot are told of where one is used."""
    models: dict[str, type[Matrix]] = {}
    for kind in kinds():
        try:
            model = find(kind)
        except ValueError:
            continue
        if model is not None:
            models[kind] = model
    return models


def _load(point: EntryPoint) -> type[Matrix]:
    try:
        found = point.load()
    except (Exception, SystemExit) as error:  # whatever a foreign module does when it is imported, the others go on
        raise _broken(point, f"{type(error).__name__}: {error}") from error
    if isinstance(found, type) and issubclass(found, Matrix):
        return found
    raise _broken(point, f"{point.value} is no subclass of trainyard.spec.matrix.Matrix")


def _broken(point: EntryPoint, reason: str) -> Exception:
    source = _source(point)
    return problem(
        f"the kind `{point.name}` of {source} cannot be loaded: {reason}",
        f"reinstall {source}, or take another kind",
    )


@cache
def _points() -> dict[str, list[EntryPoint]]:
    found: dict[str, list[EntryPoint]] = {}
    for point in entry_points(group=GROUP):
        found.setdefault(point.name, []).append(point)
    return found


def _source(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "an unknown distribution"
