"""What is right in a sweep and yet hardly meant: said as a warning, for it cannot be known before it has run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from trainyard.matrix.stopping import FailureShare
from trainyard.matrix.sweep import SweepSpec
from trainyard.spec.document import Document
from trainyard.spec.error import Path
from trainyard.spec.matrix.base import Matrix
from trainyard.spec.matrix.shape import Shape

__all__ = ["cautions"]

_NEAR = 0.8


def cautions(matrix: Matrix, sweep: SweepSpec, outputs: Iterable[str], document: Document) -> Iterator[str]:
    """Each with its place in the file."""
    for path, said in (*_of_shapes(matrix), *_of_metrics(sweep, frozenset(outputs))):
        yield str(document.finding(("matrix", *path), said))


def _of_shapes(matrix: Matrix) -> Iterator[tuple[Path, str]]:
    for name, shape in matrix.space().items():
        if isinstance(shape, Shape) and (caution := shape.caution()):
            yield ("params", name, "value"), caution


def _of_metrics(sweep: SweepSpec, outputs: frozenset[str]) -> Iterator[tuple[Path, str]]:
    """Names that are nearly, and not quite, those of a declared output or of what is searched for."""
    objectives = [objective.name for objective in sweep.objectives]
    for name in objectives:
        if (near := _near(name, outputs)) is not None:
            yield ("metric", "name"), f"the component declares no output `{name}`; did you mean `{near}`?"
    for index, rule in enumerate(sweep.rules):
        if not isinstance(rule, FailureShare) and (near := _near(rule.metric, {*objectives, *outputs})) is not None:
            said = f"`{rule.metric}` is neither what is searched for nor an output; did you mean `{near}`?"
            yield ("early_stopping", index), said


def _near(name: str, known: Iterable[str]) -> str | None:
    names = set(known)
    return next(iter(get_close_matches(name, names - {name}, 1, _NEAR)), None) if name not in names else None
