"""What a sweep begins with: the optimizer that is installed for it is asked whether it can search this, and how large
it is. What is sent is checked here, before anything is written."""

from __future__ import annotations

import secrets
from typing import Protocol

import msgspec

from trainyard.client.models import FieldProblem
from trainyard.matrix.stopping import FailureShare
from trainyard.matrix.sweep import SweepSpec
from trainyard_core.contracts.optimizer import Optimizer, Study, SupportsEarlyStopping
from trainyard_core.db.sweeps import NewSweep, warm_start
from trainyard_core.errors import Invalid

__all__ = ["MOST_PARALLEL", "Algorithms", "open_sweep", "study_of"]

MOST_PARALLEL = 1_000
MOST_TRIALS = 1_000_000
_encode = msgspec.json.Encoder().encode


class Algorithms(Protocol):
    """The optimizers that are installed here."""

    def get(self, name: str) -> Optimizer:
        """The optimizer of that kind of matrix. Raises Invalid, naming those that there are."""


def study_of(sweep: SweepSpec) -> Study:
    """What an optimizer is told of a sweep."""
    return Study(space=sweep.space, objectives=sweep.objectives, limits=sweep.limits, options=sweep.options)


def open_sweep(sweep: SweepSpec, algorithms: Algorithms, *, asked: bool = False) -> NewSweep:
    """What is written down when a sweep is made. A program that asks for its trials says itself how many go on at once,
    up to the sweep's concurrency. Raises Invalid for what cannot be searched."""
    optimizer, study = algorithms.get(sweep.algorithm), study_of(sweep)
    if problems := optimizer.check(study):
        raise Invalid(_said(problems[0]), fix=problems[0].fix or "see `yard lint`", problems=problems)
    outline = optimizer.outline(study)
    if outline.trials is not None and outline.trials > MOST_TRIALS:
        said = f"the sweep would have {outline.trials:,} trials; the most are {MOST_TRIALS:,}"
        raise Invalid(said, fix="search fewer values, or limit it with `numRuns`")
    seed = sweep.seed if sweep.seed is not None else secrets.randbelow(2**31)
    judges = isinstance(optimizer, SupportsEarlyStopping)
    return NewSweep(
        study=_encode(msgspec.structs.replace(sweep, seed=seed)).decode(),
        seed=seed,
        max_trials=outline.trials,
        concurrency=min(MOST_PARALLEL, max(1, sweep.concurrency or (MOST_PARALLEL if asked else outline.concurrency))),
        prefetch=0 if asked else outline.prefetch,
        external=asked,
        learns_from=tuple(warm_start(sweep.options)),
        watches_metrics=judges or any(not isinstance(rule, FailureShare) for rule in sweep.rules),
    )


def _said(problem: FieldProblem) -> str:
    return f"`{problem.field}`: {problem.message}" if problem.field else problem.message
