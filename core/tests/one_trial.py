"""A director of runs of kind `sweep` that makes one trial, whose params it chooses by itself."""

from __future__ import annotations

from types import SimpleNamespace

from trainyard_core.contracts.director import Director, NewChild, Opening, Plan, Planner
from trainyard_core.hookspecs import DirectorProvider, hookimpl

__all__ = ["one_trial"]


class OneTrial(Director):
    """The trial's param `lr` is 0.1."""

    def check(self, operation):
        return []

    def open(self, run, operation):
        return Opening()

    def planner(self, run):
        return OneTrialPlanner()


class OneTrialPlanner(Planner):
    """The trial when there is none."""

    async def load(self, read, parent):
        return None

    async def plan(self, view, tools):
        create = [] if view.parent.counts.created else [NewChild(key="1", params={"lr": 0.1}, iteration=1)]
        return Plan(create=create)


def one_trial():
    """The plugin that offers it."""
    provider = DirectorProvider(name="sweep", build=lambda platform: OneTrial())
    return SimpleNamespace(register_directors=hookimpl(lambda: [provider]))
