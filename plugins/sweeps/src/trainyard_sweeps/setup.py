"""What a sweep begins with: the optimizer that is installed for it is asked whether it can search this, and how large
it is. What is sent is checked here, before anything is written."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence

import msgspec

from trainyard.client.models import FieldProblem
from trainyard.matrix.stopping import FailureShare
from trainyard.matrix.sweep import SweepSpec
from trainyard_core.contracts.director import Opening, Progress
from trainyard_core.contracts.optimizer import Optimizer, Outline, Study, SupportsEarlyStopping
from trainyard_core.errors import Invalid
from trainyard_sweeps import sweeps
from trainyard_sweeps.installed_policies import InstalledPolicies

__all__ = ["MOST_PARALLEL", "Algorithms", "check_sweep", "open_sweep", "progress", "study_of", "watched_metrics"]

MOST_PARALLEL = 1_000
MOST_TRIALS = 1_000_000
_encode = msgspec.json.Encoder().encode


Algorithms = Callable[[str], Optimizer]
"""The optimizer of a kind of matrix. Raises Invalid, naming those that there are."""


def study_of(sweep: SweepSpec) -> Study:
    """What an optimizer is told of a sweep."""
    return Study(space=sweep.space, objectives=sweep.objectives, limits=sweep.limits, options=sweep.options)


def check_sweep(sweep: SweepSpec, algorithms: Algorithms, policies: InstalledPolicies) -> Sequence[FieldProblem]:
    """What is wrong with a sweep. Raises Invalid for an algorithm that is not installed."""
    return [*algorithms(sweep.algorithm).check(study_of(sweep)), *policies.check(sweep.rules)]


def open_sweep(run: str, sweep: SweepSpec, algorithms: Algorithms, policies: InstalledPolicies) -> Opening:
    """What is written down when a sweep is made. Raises Invalid for what cannot be searched."""
    optimizer, study = algorithms(sweep.algorithm), study_of(sweep)
    if problems := check_sweep(sweep, algorithms, policies):
        raise Invalid(_message(problems[0]), fix=problems[0].fix or "see `yard lint`", problems=problems)
    outline = optimizer.outline(study)
    if outline.trials is not None and outline.trials > MOST_TRIALS:
        said = f"the sweep would have {outline.trials:,} trials; the most are {MOST_TRIALS:,}"
        raise Invalid(said, fix="search fewer values, or limit it with `numRuns`")
    names = tuple(sweeps.warm_start(sweep.options))
    return Opening(
        watches=frozenset(watched_metrics(sweep, optimizer)),
        writes=[sweeps.insertion(run, _new(sweep, outline))],
        on_delete=sweeps.deletion(run),
        references={"warmStart": names} if names else {},
        queued=not sweep.external,
        progress=progress(0, outline.trials, total=outline.trials),
    )


def _new(sweep: SweepSpec, outline: Outline) -> sweeps.NewSweep:
    """A program that asks for its trials says itself how many run at once, up to the sweep's concurrency."""
    seed = sweep.seed if sweep.seed is not None else secrets.randbelow(2**31)
    most = sweep.concurrency or (MOST_PARALLEL if sweep.external else outline.concurrency)
    return sweeps.NewSweep(
        study=_encode(msgspec.structs.replace(sweep, seed=seed)).decode(),
        seed=seed,
        max_trials=outline.trials,
        concurrency=min(MOST_PARALLEL, max(1, most)),
        prefetch=0 if sweep.external else outline.prefetch,
        external=sweep.external,
    )


def watched_metrics(sweep: SweepSpec, optimizer: Optimizer) -> Iterator[str]:
    """The metrics that matter while a trial runs."""
    yield from (rule.metric for rule in sweep.rules if not isinstance(rule, FailureShare))
    if isinstance(optimizer, SupportsEarlyStopping):
        yield from (objective.name for objective in sweep.objectives)


def progress(ended: int, max_trials: int | None, *, total: int | None, trouble: Sequence[str] = ()) -> Progress:
    """How far a sweep is, when so many of `total` trials have ended; and what keeps its rules from being followed."""
    of = "" if max_trials is None else f" of {max_trials}"
    said = [f"{ended}{of} trials have ended", *(f"early stopping is off: {each}" for each in trouble)]
    return Progress(share=ended / total if total else None, text="; ".join(said))


def _message(problem: FieldProblem) -> str:
    return f"`{problem.field}`: {problem.message}" if problem.field else problem.message
