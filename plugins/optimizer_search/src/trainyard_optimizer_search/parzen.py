"""The model of TPE, which is Optuna's: Bergstra et al., "Algorithms for Hyper-Parameter Optimization", NeurIPS 2011,
over all params together, with trials that go on taken for bad ones. Nothing here is kept that the memory does not hold.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from trainyard_core.contracts.optimizer import Study
from trainyard_optimizer_search.encoding import Encoding
from trainyard_optimizer_search.observations import Observation, Observations, Outcome

__all__ = ["Parzen"]

STATES = {
    Outcome.OPEN: TrialState.RUNNING,
    Outcome.VALUES: TrialState.COMPLETE,
    Outcome.CUT: TrialState.PRUNED,
    Outcome.NOTHING: TrialState.FAIL,
}
logging.getLogger("optuna").setLevel(logging.WARNING)


class Parzen:
    """The trials of one sweep as Optuna keeps them: the one that is asked about, then those of the memory in order.
    Not safe for several threads."""

    def __init__(self, study: Study, chart: Encoding, memory: Observations) -> None:
        self._distributions = chart.distributions()
        self._searched = {name: one for name, one in self._distributions.items() if not one.single()}
        self._storage = optuna.storages.InMemoryStorage()
        self._study = optuna.create_study(
            storage=self._storage, directions=[objective.goal.value for objective in study.objectives]
        )
        self._study.add_trial(create_trial(state=TrialState.RUNNING))
        self._study.add_trials(map(self._frozen, memory.told))

    def add(self, told: Observation) -> None:
        """One more trial, behind the others."""
        self._study.add_trial(self._frozen(told))

    def end(self, place: int, told: Observation) -> None:
        """The open trial at this place of the memory has ended."""
        study = self._storage.get_study_id_from_name(self._study.study_name)
        trial = self._storage.get_trial_id_from_study_id_trial_number(study, place + 1)
        ended = self._frozen(told)
        for key, value in ended.system_attrs.items():
            self._storage.set_trial_system_attr(trial, key, value)
        for step, value in ended.intermediate_values.items():
            self._storage.set_trial_intermediate_value(trial, step, value)
        self._storage.set_trial_state_values(trial, ended.state, ended.values)

    def propose(self, seed: int) -> list[float]:
        """Coordinates that are likely to be good. `seed` has 32 bits."""
        sampler = optuna.samplers.TPESampler(seed=seed, multivariate=True, constant_liar=True, n_startup_trials=1)
        asked = self._study.get_trials(deepcopy=False)[0]
        found = sampler.sample_relative(self._study, asked, self._searched)
        return [_coordinate(found, name, one) for name, one in self._distributions.items()]

    def _frozen(self, told: Observation) -> FrozenTrial:
        valued = told.outcome is Outcome.VALUES or (told.outcome is Outcome.CUT and told.last is not None)
        return create_trial(
            state=STATES[told.outcome],
            values=_values(told) if valued else None,
            params=dict(zip(self._distributions, told.point, strict=True)),
            distributions=self._distributions,
            intermediate_values=dict([told.last]) if told.last is not None else None,
            constraints={str(place): value for place, value in enumerate(told.excess)} or None,
        )


def _values(told: Observation) -> list[float]:
    """Of a trial that was stopped, what it had come to."""
    return told.values or ([told.last[1]] if told.last is not None else [])


def _coordinate(found: Mapping[str, float], name: str, distribution: BaseDistribution) -> float:
    """As plain data. A distribution of a single value is not asked for."""
    if name not in found:
        return distribution.low if isinstance(distribution, FloatDistribution | IntDistribution) else 0
    return float(found[name]) if isinstance(distribution, FloatDistribution) else int(found[name])
