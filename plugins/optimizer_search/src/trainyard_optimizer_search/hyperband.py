"""`hyperband`: many trials with little resource, the best of them with more (`bracket` has the numbers). A rung begins
when the one before it has ended, whatever its trials came to; the next bracket begins as soon as a slot is free. The
resource is one more param of each trial; with `resume` a promoted trial continues the one it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import cast

import msgspec

from trainyard.client.models import FieldProblem
from trainyard.matrix.objective import Goal
from trainyard_core.contracts.optimizer import Optimizer, Outline, Study, Suggestion, Suggestions, Trial, TrialPhase
from trainyard_optimizer_search import checks, draw
from trainyard_optimizer_search import state as states
from trainyard_optimizer_search.bracket import Bracket, brackets, keep
from trainyard_optimizer_search.sequence import SequenceCache, SuggestionSequence

__all__ = ["HyperbandOptimizer"]

ETA = 3
ENDED = (TrialPhase.SUCCEEDED, TrialPhase.FAILED, TrialPhase.STOPPED)


class BracketState(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """How far a bracket is: its rung, the places of the first rung that are in it, how many of them were suggested, and
    what those that have ended came to (None: nothing), by place."""

    rung: int = 0
    places: list[int] | None = None
    suggested: int = 0
    results: dict[int, float | None] = {}


class BracketStates(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """All brackets by their s."""

    brackets: dict[int, BracketState] = {}


class HyperbandOptimizer(Optimizer):
    """Options: `maxIterations` (R, the most resource of a trial), `eta` (3), `resource` with `name` and `type`,
    `resume`."""

    name = "hyperband"

    def __init__(self) -> None:
        self._decks = SequenceCache()

    def check(self, study: Study) -> list[FieldProblem]:
        return (
            checks.check_whole(study, "maxIterations", needed=True)
            + checks.check_eta(study, ETA)
            + _check_resource(study)
            + checks.check_metric(study, self.name)
            + checks.check_space(study, self.name)
        )

    def outline(self, study: Study) -> Outline:
        trials = sum(_places(study, bracket, rung) for bracket in _table(study) for rung in range(bracket.s + 1))
        return Outline(trials=trials, concurrency=4, prefetch=2)

    async def suggest(
        self, study: Study, *, changed: Sequence[Trial], count: int, seed: int, state: bytes
    ) -> Suggestions:
        climbs = states.read(self.name, BracketStates, state)
        ended = {trial.key: trial for trial in changed if trial.phase in ENDED}
        return await asyncio.to_thread(self._suggest, study, climbs, ended, count, seed)

    async def aclose(self) -> None:
        """Nothing is held."""

    def _suggest(
        self, study: Study, climbs: BracketStates, ended: dict[str, Trial], count: int, seed: int
    ) -> Suggestions:
        found: list[Suggestion] = []
        going_on = False
        for bracket in _table(study):
            deck = self._decks.of(study.space, f"{seed}/{bracket.s}")
            climb = climbs.brackets.get(bracket.s) or _begun(study, bracket, deck)
            climbs.brackets[bracket.s] = climb
            _take(study, bracket, climb, ended)
            found += _next(study, bracket, climb, deck, count - len(found))
            going_on = going_on or not _is_done(study, bracket, climb)
        return Suggestions(suggestions=tuple(found), state=states.write(self.name, climbs), exhausted=not going_on)


def _begun(study: Study, bracket: Bracket, deck: SuggestionSequence) -> BracketState:
    """A bracket before its first trial: with fewer places where constraints leave fewer points."""
    places = list(range(_places(study, bracket, 0)))
    if study.space.constraints:
        places = [place for place in places if deck.card(place) is not None]
    return BracketState(places=places)


def _take(study: Study, bracket: Bracket, climb: BracketState, ended: dict[str, Trial]) -> None:
    """Results into the rung; when it has ended, those that may go on into the next one."""
    places = climb.places or []
    for place in places[: climb.suggested]:
        if trial := ended.get(_key(bracket.s, climb.rung, place)):
            climb.results[place] = trial.values.get(_metric(study)) if trial.phase is TrialPhase.SUCCEEDED else None
    if climb.rung < bracket.s and len(climb.results) == len(places):
        climb.places = _promoted(study, bracket, climb)
        climb.rung, climb.suggested, climb.results = climb.rung + 1, 0, {}


def _promoted(study: Study, bracket: Bracket, climb: BracketState) -> list[int]:
    """The best places of the rung, best first; equals in the order of their numbers."""
    sign = -1 if checks.objective(study).goal is Goal.MAXIMIZE else 1
    ranked = sorted((sign * value, place) for place, value in climb.results.items() if value is not None)
    return [place for _, place in ranked[: _places(study, bracket, climb.rung + 1)]]


def _next(
    study: Study, bracket: Bracket, climb: BracketState, deck: SuggestionSequence, count: int
) -> Iterator[Suggestion]:
    """Trials of the rung that were not suggested yet."""
    for place in (climb.places or [])[climb.suggested : climb.suggested + max(count, 0)]:
        climb.suggested += 1
        params = deck.card(place) or {}
        former = _key(bracket.s, climb.rung - 1, place) if climb.rung and study.options.get("resume") else ""
        yield Suggestion(
            params={**params, _resource(study)["name"]: _amount(study, bracket.resources[climb.rung])},
            key=_key(bracket.s, climb.rung, place),
            continues=former,
        )


def _is_done(study: Study, bracket: Bracket, climb: BracketState) -> bool:
    """Whether nothing can come of the bracket any more: its last rung is out, or nobody is left in it."""
    places = climb.places or []
    return not places or (climb.suggested == len(places) and _places(study, bracket, climb.rung + 1) == 0)


def _places(study: Study, bracket: Bracket, rung: int) -> int:
    """The most trials of a bracket in this rung; a small space has no more than its points."""
    if rung > bracket.s:
        return 0
    points = draw.size(study.space)
    return keep(bracket.trials if points is None else min(bracket.trials, points), checks.eta(study, ETA), rung)


def _key(s: int, rung: int, place: int) -> str:
    return f"b{s}-r{rung}-{place}"


def _table(study: Study) -> list[Bracket]:
    return brackets(checks.whole(study, "maxIterations", 1), checks.eta(study, ETA))


def _metric(study: Study) -> str:
    return checks.objective(study).name


def _resource(study: Study) -> dict[str, str]:
    return cast(dict[str, str], study.options["resource"])


def _amount(study: Study, resource: Fraction) -> int | float:
    """As `resource.type` says; a whole number is cut off, but not to nothing."""
    return float(resource) if _resource(study).get("type") == "float" else max(1, int(resource))


def _check_resource(study: Study) -> list[FieldProblem]:
    resource = study.options.get("resource")
    fix = "give `resource: {name: epochs, type: int}`, what a trial gets more of when it is promoted"
    if not isinstance(resource, dict) or not isinstance(resource.get("name"), str) or not resource["name"]:
        return [FieldProblem(message="hyperband has no resource with a name", field="resource", fix=fix)]
    if resource.get("type", "int") not in ("int", "float"):
        message = f"resource type {resource['type']!r} is neither int nor float"
        return [FieldProblem(message=message, field="resource.type", fix="take one of them")]
    if resource["name"] in study.space.params:
        message = f"resource '{resource['name']}' is searched as a param as well"
        return [FieldProblem(message=message, field="resource.name", fix="leave it out of params")]
    return []
