"""Kinds that installed distributions add to the operation language, by entry points.

Nothing is loaded before it is asked for. A kind of the language cannot be replaced; where two distributions offer the
same kind, there is neither, and both are named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, TypeVar

from trainyard.spec.family import Family
from trainyard.spec.model import problem
from trainyard.spec.run import InstalledRun

__all__ = ["RUNS", "InstalledKinds"]

F = TypeVar("F", bound=Family)


class InstalledKinds(Generic[F]):
    """The kinds of one family. `language` are those of the language, with the module and the class of each; `group` is
    the entry point group of the others, which are subclasses of `root`: `wanted` is where authors find it."""

    def __init__(self, group: str, root: type[F], language: Mapping[str, tuple[str, str]], *, wanted: str) -> None:
        self.group, self.language = group, language
        self._root, self._wanted = root, wanted
        self._points: Mapping[str, list[EntryPoint]] | None = None
        self._found: dict[str, type[F] | None] = {}

    def names(self) -> Iterable[str]:
        """The names of all kinds. Loads none."""
        return (*self.language, *(name for name in sorted(self._installed()) if name not in self.language))

    def find(self, kind: str) -> type[F] | None:
        """The model of a kind; None when nobody offers it. Raises a problem for one that cannot be loaded."""
        if kind not in self._found:
            self._found[kind] = self._load(kind)
        return self._found[kind]

    def usable(self) -> dict[str, type[F]]:
        """All kinds that can be loaded. The others are reported where an operation uses one."""
        models: dict[str, type[F]] = {}
        for kind in self.names():
            try:
                model = self.find(kind)
            except ValueError:
                continue
            if model is not None:
                models[kind] = model
        return models

    def forget(self) -> None:
        """Look again at what is installed."""
        self._points = None
        self._found.clear()

    def _installed(self) -> Mapping[str, list[EntryPoint]]:
        if self._points is None:
            found: dict[str, list[EntryPoint]] = {}
            for point in entry_points(group=self.group):
                found.setdefault(point.name, []).append(point)
            self._points = found
        return self._points

    def _load(self, kind: str) -> type[F] | None:
        if kind in self.language:
            module, name = self.language[kind]
            found: type[F] = getattr(import_module(f"trainyard.spec.{module}"), name)
            return found
        points = self._installed().get(kind, [])
        if len(points) > 1:
            sources = " and ".join(sorted(map(_source, points)))
            raise problem(f"the kind `{kind}` comes with {sources}", "uninstall all but one, or take another kind")
        return self._load_installed(points[0]) if points else None

    def _load_installed(self, point: EntryPoint) -> type[F]:
        try:
            found = point.load()
        except (Exception, SystemExit) as error:  # whatever a foreign module does when it is imported, the others go on
            raise _broken(point, f"{type(error).__name__}: {error}") from error
        if isinstance(found, type) and issubclass(found, self._root):
            return found
        raise _broken(point, f"{point.value} is no subclass of {self._wanted}")


def _broken(point: EntryPoint, reason: str) -> Exception:
    source = _source(point)
    return problem(
        f"the kind `{point.name}` of {source} cannot be loaded: {reason}",
        f"reinstall {source}, or take another kind",
    )


def _source(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "an unknown distribution"


RUNS = InstalledKinds("trainyard.runs", InstalledRun, {}, wanted="trainyard.spec.run.DirectedRun or ScheduledRun")
"""Kinds of run beside `job`."""
