"""Offers the `pipe` optimizer. Imports nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainyard_core.hookspecs import Context, OptimizerProvider, hookimpl

if TYPE_CHECKING:
    from trainyard_core.contracts.optimizer import Optimizer


@hookimpl
def register_optimizers() -> list[OptimizerProvider]:
    """Another program at the end of a pipe."""
    return [OptimizerProvider(name="pipe", build=_build)]


def _build(context: Context) -> Optimizer:
    from trainyard_alternate_pipe.optimizer import PipeOptimizer

    return PipeOptimizer()
