"""Offers sweeps: the director of runs of kind `sweep`, its tables and its routes, and a hook for early-stopping
policies. Imports nothing heavy before it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainyard_core.contracts.plugin import Migrations, PublishedHook
from trainyard_core.contracts.routes import Routes
from trainyard_core.hookspecs import DirectorProvider, hookimpl

if TYPE_CHECKING:
    from trainyard_core.contracts.director import Director
    from trainyard_core.contracts.platform import Platform
    from trainyard_sweeps.policy import StoppingPolicy


POLICIES = "sweeps_register_policies"


@hookimpl
def register_hooks() -> list[PublishedHook]:
    """Other plugins offer early-stopping policies."""
    from trainyard_sweeps.policy import StoppingPolicy

    return [PublishedHook(name=POLICIES, item=StoppingPolicy, calls=("judge",), capability="early-stopping policy")]


@hookimpl
def sweeps_register_policies() -> list[StoppingPolicy]:
    """Those of the operation language."""
    from trainyard_sweeps.policies import DifferencePolicy, MedianPolicy, TruncationPolicy

    return [MedianPolicy(), TruncationPolicy(), DifferencePolicy()]


@hookimpl
def register_migrations() -> list[Migrations]:
    """The tables of sweeps and trials."""
    from trainyard_sweeps import migrations

    return [Migrations(migrations)]


@hookimpl
def register_directors() -> list[DirectorProvider]:
    """Plans the trials of sweeps."""
    return [DirectorProvider(name="sweep", build=_director)]


@hookimpl
def register_controllers() -> list[Routes]:
    """Below the project that they are of."""
    return [Routes(prefix="/api/v1/projects/{project:str}/sweeps", handlers=_controllers)]


def _director(platform: Platform) -> Director:
    from trainyard_sweeps.director import SweepDirector
    from trainyard_sweeps.installed_policies import InstalledPolicies

    return SweepDirector(platform.optimizer, InstalledPolicies(platform.collect(POLICIES), platform.call_blocking))


def _controllers() -> list[object]:
    from trainyard_sweeps.controllers import Sweeps
    from trainyard_sweeps.external_controllers import ExternalSweeps

    return [Sweeps, ExternalSweeps]
