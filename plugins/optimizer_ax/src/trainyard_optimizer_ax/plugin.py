"""Offers the kinds of matrix `bayes` and `ax`. Imports nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainyard_core.contracts.plugin import SettingsSection
from trainyard_core.hookspecs import Context, OptimizerProvider, hookimpl

if TYPE_CHECKING:
    from trainyard_core.contracts.optimizer import Optimizer


@hookimpl
def register_settings() -> list[SettingsSection]:
    """The section `optimizer_ax`."""
    from trainyard_optimizer_ax.settings import Settings

    return [SettingsSection(model=Settings)]


@hookimpl
def register_optimizers() -> list[OptimizerProvider]:
    """One search, written in two ways."""
    return [OptimizerProvider(name="bayes", build=_bayes), OptimizerProvider(name="ax", build=_ax)]


def _bayes(context: Context) -> Optimizer:
    from trainyard_optimizer_ax.optimizer import AxOptimizer

    return AxOptimizer.from_context("bayes", context)


def _ax(context: Context) -> Optimizer:
    from trainyard_optimizer_ax.optimizer import AxOptimizer

    return AxOptimizer.from_context("ax", context)
