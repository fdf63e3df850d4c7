"""Offers one optimizer for each kind of matrix that is searched here. Imports nothing heavy."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, cast

from trainyard_core.hookspecs import Context, OptimizerProvider, hookimpl

if TYPE_CHECKING:
    from trainyard_core.contracts.optimizer import Optimizer

KINDS = {
    "asha": "asha:AshaOptimizer",
    "grid": "grid:GridOptimizer",
    "hyperband": "hyperband:HyperbandOptimizer",
    "hyperopt": "tpe:HyperoptOptimizer",
    "iterative": "iterative:IterativeOptimizer",
    "mapping": "mapping:MappingOptimizer",
    "random": "random:RandomOptimizer",
    "tpe": "tpe:TpeOptimizer",
}
"""For each kind of matrix the module and class that searches it."""


@hookimpl
def register_optimizers() -> list[OptimizerProvider]:
    """All kinds."""
    return [OptimizerProvider(name=kind, build=_builder(where)) for kind, where in KINDS.items()]


def _builder(where: str) -> Callable[[Context], Optimizer]:
    def build(_: Context) -> Optimizer:
        module, name = where.split(":")
        make = getattr(import_module(f"trainyard_optimizer_search.{module}"), name)
        return cast("Optimizer", make())

    return build
