"""Ax itself: questions into experiments, and its answers into plain numbers. The only module that imports it.

The experiment is built in one go from Ax's own parts, as `ax.api.Client` builds it, because the client takes 20 ms to
attach each trial and the same from parts takes less than one. No strategy of Ax's is asked for the first, evenly spread
trials: the server draws those without waiting for this process.
"""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Sequence
from typing import cast

import torch
from ax.adapter.registry import Generators
from ax.adapter.torch import TorchAdapter
from ax.api.configs import ChoiceParameterConfig, RangeParameterConfig
from ax.api.utils.generation_strategy_dispatch import choose_generation_strategy
from ax.api.utils.instantiation.from_string import optimization_config_from_string
from ax.api.utils.instantiation.from_struct import experiment_from_struct
from ax.api.utils.structs import ExperimentStruct, GenerationStrategyDispatchStruct
from ax.core.arm import Arm
from ax.core.data import Data, DataRow
from ax.core.experiment import Experiment
from ax.core.metric import Metric
from ax.core.observation import ObservationFeatures
from ax.core.utils import get_pending_observation_features_based_on_trial_status
from ax.generation_strategy.generation_strategy import GenerationStrategy
from ax.utils.common.random import with_rng_seed
from botorch.acquisition.multi_objective import logei

from trainyard_optimizer_ax.distribution import Dimension
from trainyard_optimizer_ax.encoding import Encoding, LinearBound
from trainyard_optimizer_ax.wire import Answer, Ask, DataPoint, Predict, Question

__all__ = ["answer", "prepare"]

LIGHT = {"num_restarts": 4, "raw_samples": 128}
"""A quarter of the time on mixed spaces with constraints (9 s for 42 s, 5 s for 19 s), and there the same points."""

MOST_LEARNED = (500, 500, 100)
"""Trials that a model learns from, by effort: fitting takes the cube of it, 6 s for 600."""


def prepare() -> None:
    """One thread, for several take longer on such small matrices and make answers differ; and silence.

    BoTorch's faster kernel for several objectives is done without: it is compiled where it is used, under a lock that a
    worker which is ended in the middle leaves behind, and then every worker on this machine waits for it for ever."""
    logei._load_attempted = True
    torch.set_num_threads(1)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")


def answer(question: Question) -> Answer:
    """Raises whatever Ax raises."""
    with with_rng_seed(question.seed):
        return _suggest(question) if isinstance(question, Ask) else _predict(question)


def _suggest(ask: Ask) -> Answer:
    experiment = _experiment(ask.chart, ask.seen, MOST_LEARNED[ask.effort])
    if ask.candidates:
        return Answer(id=ask.id, points=_best(ask, experiment))
    runs = _strategy(ask).gen(experiment=experiment, n=1, num_trials=ask.count)
    arms = [run.arms[0].parameters for trial in runs for run in trial]
    return Answer(id=ask.id, points=[{name: _number(value) for name, value in arm.items()} for arm in arms])


def _best(ask: Ask, experiment: Experiment) -> list[dict[str, float]]:
    """Of a space that can be listed, the candidates that the acquisition function likes best, one after the other.
    Ax's own search of such a space stays at points that were there, and begins again five times for each of them."""
    (spec,) = next(iter(_strategy(ask).nodes_by_name.values())).generator_specs
    spec.fit(experiment=experiment, data=experiment.lookup_data())
    adapter, left = cast(TorchAdapter, spec.fitted_adapter), list(ask.candidates)
    picked: list[dict[str, float]] = []
    while left and len(picked) < ask.count:
        values = adapter.evaluate_acquisition_function(
            observation_features=[[ObservationFeatures(parameters=_arm(ask.chart, point))] for point in left],
            pending_observations=get_pending_observation_features_based_on_trial_status(experiment),
        )
        picked.append(left.pop(max(range(len(left)), key=values.__getitem__)))
        trial = experiment.new_trial()
        trial.add_arm(Arm(parameters=_arm(ask.chart, picked[-1]), name=f"{trial.index}_0"))
        trial.mark_running(no_runner_required=True)
    return picked


def _predict(question: Predict) -> Answer:
    experiment = _experiment(question.chart, question.seen, MOST_LEARNED[0])
    adapter = Generators.BOTORCH_MODULAR(experiment=experiment, data=experiment.lookup_data())
    features = [ObservationFeatures(parameters=_arm(question.chart, point)) for point in question.points]
    mean, covariance = adapter.predict(features)
    names = [column.name for column in question.chart.columns]
    outcomes = [
        {name: (float(mean[name][index]), math.sqrt(max(covariance[name][name][index], 0.0))) for name in names}
        for index in range(len(question.points))
    ]
    return Answer(id=question.id, outcomes=outcomes)


def _strategy(ask: Ask) -> GenerationStrategy:
    method = ask.method if ask.effort < 2 else "fast"
    wanted = GenerationStrategyDispatchStruct(method=method, initialization_budget=0, initialize_with_center=False)
    strategy = choose_generation_strategy(wanted)
    if ask.effort or _is_slow(ask.chart):
        for node in strategy.nodes_by_name.values():
            for spec in node.generator_specs:
                spec.generator_gen_kwargs["model_gen_options"] = {"optimizer_kwargs": dict(LIGHT)}
    return strategy


def _is_slow(chart: Encoding) -> bool:
    """Where the light search is all that one wants to wait for, and was seen to find the same."""
    return bool(chart.constraints) and any(axis.kind != "real" for axis in chart.axes.values())


def _experiment(chart: Encoding, seen: Sequence[DataPoint], most: int) -> Experiment:
    experiment = experiment_from_struct(
        ExperimentStruct(
            parameters=[_parameter(name, axis) for name, axis in chart.axes.items()],
            parameter_constraints=[_inequality(bound) for bound in chart.constraints],
            name="sweep",
            description=None,
            experiment_type=None,
            owner=None,
        )
    )
    for column in chart.columns:
        experiment.add_tracking_metric(Metric(name=column.name))
    experiment.optimization_config = optimization_config_from_string(
        objective_str=", ".join(chart.objectives), outcome_constraint_strs=[_inequality(each) for each in chart.limits]
    )
    _tell(experiment, chart, _worth(chart, seen, most))
    return experiment


def _tell(experiment: Experiment, chart: Encoding, seen: Sequence[DataPoint]) -> None:
    rows = []
    for index, each in enumerate(seen):
        trial = experiment.new_trial()
        trial.add_arm(Arm(parameters=_arm(chart, each.point), name=f"{index}_0"))
        trial.mark_running(no_runner_required=True)
        rows += [
            _row(index, column.name, value)
            for column, value in zip(chart.columns, each.row or (), strict=each.row is not None)
        ]
    experiment.attach_data(Data(data_rows=rows))
    for told, each in zip(experiment.trials.values(), seen, strict=True):
        if each.row is not None:
            told.mark_completed()
        elif not each.pending:
            told.mark_abandoned(reason="failed")


def _worth(chart: Encoding, seen: Sequence[DataPoint], most: int) -> list[DataPoint]:
    """What to learn from: the best half by the first objective and the latest half; all that has no outcome."""
    learned = [index for index, each in enumerate(seen) if each.row is not None]
    if len(learned) <= most:
        return list(seen)
    sign = 1.0 if chart.objectives[0].startswith("-") else -1.0
    best = sorted(learned, key=lambda index: sign * (seen[index].row or [0.0])[0])[: most // 2]
    kept = {*best, *learned[-(most - most // 2) :]}
    return [each for index, each in enumerate(seen) if each.row is None or index in kept]


def _row(index: int, metric: str, value: float) -> DataRow:
    return DataRow(
        trial_index=index,
        arm_name=f"{index}_0",
        metric_name=metric,
        metric_signature=metric,
        mean=value,
        se=math.nan,  # unknown: Ax estimates the noise
    )


def _parameter(name: str, axis: Dimension) -> RangeParameterConfig | ChoiceParameterConfig:
    if axis.kind == "label":
        labels = [f"v{index}" for index in range(int(axis.high) + 1)]
        return ChoiceParameterConfig(name=name, values=labels, parameter_type="str", is_ordered=False)
    return RangeParameterConfig(
        name=name,
        bounds=(axis.low, axis.high) if axis.kind == "real" else (int(axis.low), int(axis.high)),
        parameter_type="float" if axis.kind == "real" else "int",
        scaling="log" if axis.log else None,
    )


def _arm(chart: Encoding, point: dict[str, float]) -> dict[str, float | int | str | bool | None]:
    return {name: _value(axis, point[name]) for name, axis in chart.axes.items()}


def _value(axis: Dimension, coordinate: float) -> float | int | str:
    if axis.kind == "real":
        return coordinate
    return f"v{int(coordinate)}" if axis.kind == "label" else int(coordinate)


def _number(value: object) -> float:
    return float(value.removeprefix("v") if isinstance(value, str) else value)  # type: ignore[arg-type]


def _inequality(bound: LinearBound) -> str:
    terms = " + ".join(f"{weight!r} * {name}" for name, weight in bound.weights.items())
    return f"{terms} <= {bound.most!r}"
