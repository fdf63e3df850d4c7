"""The sweep that a `matrix` comes to."""

from __future__ import annotations

import msgspec

from trainyard.matrix.objective import Limit, Objective
from trainyard.matrix.space import Space
from trainyard.matrix.stopping import Rule

__all__ = ["SweepSpec"]


class SweepSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is searched, by which algorithm and for what.

    `algorithm` is the kind of the matrix; an installed optimizer is called so. `options` are its own, by the names of
    the file and as plain data. Without `seed` one is drawn when the sweep is made, and without `concurrency` the
    optimizer says how many trials may go on at once. `external`: a program outside runs the trials and asks for them.
    """

    algorithm: str
    space: Space = Space()
    objectives: tuple[Objective, ...] = ()
    limits: tuple[Limit, ...] = ()
    options: dict[str, object] = {}
    seed: int | None = None
    concurrency: int | None = None
    rules: tuple[Rule, ...] = ()
    external: bool = False
