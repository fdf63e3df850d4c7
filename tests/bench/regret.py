"""How good a search is: the median over 20 seeds of the simple regret - how far the best trial is from the known
minimum - on Branin (2 params, 30 trials) and Hartmann6 (6 params, 60 trials), one trial at a time.

Ours are asked as core asks them: through the contract, with the state as bytes between any two calls, and with as many
suggestions ahead as their outline says; so what `ax` suggests knows nothing of the trial that runs. Beside each stands
the same method of a library used directly, as its documentation shows; Optuna's Gaussian process stands beside `ax`.
Seeds run in parallel processes, each with one thread for numbers.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from bench.measure import Result, Scale, percentile, say

__all__ = ["FUNCTIONS", "Function", "Searched", "measure", "search"]

Point = Mapping[str, float]
Tell = Callable[[Point], float]
SEEDS = 20
LEAST = 12
"""Trials of the shortest search, so that models are asked as well."""


class Function(NamedTuple):
    """Something to be made as low as can be."""

    title: str
    bounds: tuple[tuple[float, float], ...]
    trials: int
    minimum: float
    value: Callable[[Sequence[float]], float]

    @property
    def axes(self) -> dict[str, tuple[float, float]]:
        """The bounds by the names of the params."""
        return {f"x{number}": bounds for number, bounds in enumerate(self.bounds)}


class Searched(NamedTuple):
    """One search: its regret, and how many milliseconds it took to think of a trial, in the mean without the first.
    `notes` counts suggestions that say that they were not made as usual."""

    regret: float
    each: float
    notes: int = 0


def branin(x: Sequence[float]) -> float:
    """Dixon and Szego, 1978; three minima."""
    bowl = x[1] - 5.1 / (4 * math.pi**2) * x[0] ** 2 + 5 / math.pi * x[0] - 6
    return bowl**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x[0]) + 10


def hartmann6(x: Sequence[float]) -> float:
    """Dixon and Szego, 1978; six minima, one of them the least."""
    rows = zip(WEIGHTS, SCALES, CENTRES, strict=True)
    return -sum(w * math.exp(-sum(a * (v - p / 1e4) ** 2 for a, v, p in zip(s, x, c, strict=True))) for w, s, c in rows)


WEIGHTS = (1.0, 1.2, 3.0, 3.2)
SCALES = ((10, 3, 17, 3.5, 1.7, 8), (0.05, 10, 17, 0.1, 8, 14), (3, 3.5, 1.7, 10, 17, 8), (17, 8, 0.05, 10, 0.1, 14))
CENTRES = (
    (1312, 1696, 5569, 124, 8283, 5886),
    (2329, 4135, 8307, 3736, 1004, 9991),
    (2348, 1451, 3522, 2883, 3047, 6650),
    (4047, 8828, 8732, 5743, 1091, 381),
)
FUNCTIONS = {
    "branin": Function("Branin", ((-5.0, 10.0), (0.0, 15.0)), 30, 0.397887, branin),
    "hartmann6": Function("Hartmann6", ((0.0, 1.0),) * 6, 60, -3.32237, hartmann6),
}
PAIRS = {
    "random": ("Optuna random", ()),
    "tpe": ("Optuna TPE", ()),
    "ax": ("Ax Client", ("Optuna GP",)),
}
"""What each of ours is held against, and what else stands beside it."""


def measure(scale: Scale, folder: Path) -> list[Result]:
    """A figure for each function and each of ours."""
    seeds = range(SEEDS if scale.share >= 1 else scale.rounds)
    names = [name for ours, (floor, more) in PAIRS.items() for name in (ours, floor, *more)]
    found = _all(names, seeds, scale)
    return [_result(key, ours, found[key], scale) for key in FUNCTIONS for ours in PAIRS]


def _all(names: Sequence[str], seeds: range, scale: Scale) -> dict[str, dict[str, list[Searched]]]:
    """By function and searcher, in the order of the seeds."""
    found: dict[str, dict[str, dict[int, Searched]]] = {key: {name: {} for name in names} for key in FUNCTIONS}
    cores = len(os.sched_getaffinity(0))
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn"), initializer=_alone) as pool:
        tasks = {
            pool.submit(search, key, name, seed, scale.of(function.trials, least=LEAST)): (key, name, seed)
            for name in names
            for key, function in FUNCTIONS.items()
            for seed in seeds
        }
        for count, done in enumerate(as_completed(tasks), 1):
            key, name, seed = tasks[done]
            found[key][name][seed] = one = done.result()
            say(f"regret: {count} of {len(tasks)}: {name} on {key}, seed {seed}: {one.regret:.3g}, {one.each:.0f} ms")
    return {key: {name: [by[seed] for seed in seeds] for name, by in every.items()} for key, every in found.items()}


def _alone() -> None:
    """This process's libraries use one thread, and say nothing of each trial."""
    logging.disable(logging.WARNING)
    os.environ |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def _result(key: str, ours: str, found: Mapping[str, list[Searched]], scale: Scale) -> Result:
    function, (floor, more) = FUNCTIONS[key], PAIRS[ours]
    trials = scale.of(function.trials, least=LEAST)
    what = f"`{ours}` on {function.title} in {trials} trials beside {floor}, median regret"
    subject, beside = ([each.regret for each in found[name]] for name in (ours, floor))
    detail = {"ours": ours, "function": function.title, "trials": trials, "seeds": len(subject)}
    spread = {name: _spread(found[name]) for name in (ours, floor, *more)}
    return Result(f"regret.{key}.{ours}", what, "", subject, beside, detail=detail | {"searchers": spread})


def _spread(found: Sequence[Searched]) -> dict[str, float]:
    """Quartiles of the regret, the milliseconds for a suggestion, and how many were not made as usual."""
    regrets = [each.regret for each in found]
    return {
        "lower": percentile(regrets, 0.25),
        "median": statistics.median(regrets),
        "upper": percentile(regrets, 0.75),
        "ms": statistics.median(each.each for each in found),
        "notes": sum(each.notes for each in found),
    }


def search(key: str, name: str, seed: int, trials: int) -> Searched:
    """One search from its beginning to its end."""
    function = FUNCTIONS[key]
    best, times, notes, since = math.inf, list[float](), list[str](), time.perf_counter()

    def tell(point: Point) -> float:
        nonlocal best, since
        times.append(time.perf_counter() - since)
        value = function.value([point[axis] for axis in function.axes])
        best, since = min(best, value), time.perf_counter()
        return value

    if name in PAIRS:
        notes = asyncio.run(_ours(name, function, seed, trials, tell))
    elif name == "Ax Client":
        _ax(function, seed, trials, tell)
    else:
        _optuna(name, function, seed, trials, tell)
    return Searched(best - function.minimum, 1000 * statistics.mean(times[1:]), len(notes))


async def _ours(name: str, function: Function, seed: int, trials: int, tell: Tell) -> list[str]:
    """As core does it: the trial that waits begins, then the optimizer is told and asked, then the trial ends."""
    from trainyard.matrix.objective import Goal, Objective
    from trainyard.matrix.space import Space, Uniform
    from trainyard_core.contracts.optimizer import Study, Suggestion, Trial, TrialPhase

    optimizer = _installed(name)
    space = Space(params={axis: Uniform(low=low, high=high) for axis, (low, high) in function.axes.items()})
    options: dict[str, object] = {"numTrials" if name == "ax" else "numRuns": trials}
    study = Study(space=space, objectives=(Objective(name="loss", goal=Goal.MINIMIZE),), options=options)
    ahead, state, waiting, suggested = optimizer.outline(study).prefetch, b"", list[Suggestion](), list[Suggestion]()
    changed: list[Trial] = []
    for _ in range(trials):
        running = waiting.pop(0) if waiting else None
        wanted = (running is None) + ahead - len(waiting)
        if changed or wanted:
            count = min(wanted, trials - len(suggested))
            answer = await optimizer.suggest(study, changed=changed, count=count, seed=seed, state=state)
            state, changed = bytes(answer.state), []
            waiting += answer.suggestions
            suggested += answer.suggestions
        running = running or waiting.pop(0)
        value = tell({axis: float(str(running.params[axis])) for axis in function.axes})
        changed = [Trial(key=running.key, params=running.params, phase=TrialPhase.SUCCEEDED, values={"loss": value})]
        changed += [Trial(key=each.key, params=each.params, phase=TrialPhase.PENDING) for each in waiting]
    return [each.note for each in suggested if each.note]


@cache
def _installed(name: str) -> Any:
    """One for this process, for the process of its model takes seconds to start; it ends with this one."""
    from trainyard_core.optimizers import InstalledOptimizers
    from trainyard_core.registry import Registry
    from trainyard_core.settings import Settings

    registry = Registry.load(["optimizer_search", "optimizer_ax"])
    return InstalledOptimizers(registry, Settings(data=Path("/nonexistent"))).get(name)


def _ax(function: Function, seed: int, trials: int, tell: Tell) -> None:
    import torch
    from ax.api.client import Client
    from ax.api.configs import RangeParameterConfig

    torch.set_num_threads(1)
    client = Client(random_seed=seed)
    axes = function.axes.items()
    client.configure_experiment([RangeParameterConfig(axis, bounds, "float") for axis, bounds in axes])
    client.configure_optimization("-loss")
    for _ in range(trials):
        for index, point in client.get_next_trials(1).items():
            client.complete_trial(index, {"loss": tell({axis: float(str(value)) for axis, value in point.items()})})


def _optuna(name: str, function: Function, seed: int, trials: int, tell: Tell) -> None:
    import optuna
    import torch

    torch.set_num_threads(1)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    samplers = optuna.samplers
    kinds = {"random": samplers.RandomSampler, "TPE": samplers.TPESampler, "GP": samplers.GPSampler}
    study = optuna.create_study(sampler=kinds[name.removeprefix("Optuna ")](seed=seed))
    axes = function.axes.items()
    study.optimize(
        lambda trial: tell({axis: trial.suggest_float(axis, *bounds) for axis, bounds in axes}), n_trials=trials
    )
