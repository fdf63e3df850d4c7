"""`trainyard.sweep`: begins a sweep whose trials this program runs, or goes on with one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from trainyard.ask_tell.search import SweepClient
from trainyard.client import Client, requests
from trainyard.client.models import NewSweep

__all__ = ["sweep"]


def sweep(
    name: str = "",
    algorithm: str = "tpe",
    params: Mapping[str, Any] | None = None,
    metric: str = "",
    goal: str = "minimize",
    trials: int | None = None,
    seed: int | None = None,
    *,
    id: str = "",
    project: str = "",
    concurrency: int | None = None,
    types: Mapping[str, str] | None = None,
    early_stopping: Sequence[Mapping[str, Any]] = (),
    options: Mapping[str, Any] | None = None,
    tags: Iterable[str] = (),
    catch: tuple[type[BaseException], ...] = (),
) -> SweepClient:
    """Begin a sweep whose trials this program runs; with `id`, go on with one, also in other processes at once.

    `algorithm` is a kind of matrix; `params` by name are written as in a file, and `types` says of which type their
    values are (`int`, `float`, ...) where the shape does not. Trials are judged by `metric`, to be made as low
    (`minimize`) or high (`maximize`) as can be. `trials` is the most that there are, `options` are the algorithm's own,
    by the names of the file, `early_stopping` are rules as in a file, and `concurrency` is how many trials may go on
    at once (None: as many as are asked for). Exceptions of the kinds in `catch` end a trial and not the program.

    Raises Invalid with the place of each problem, NoServer and NotReachable where there is no server, and OSError when
    the data directory cannot be written."""
    project = project or os.environ.get("TRAINYARD_PROJECT", "")
    with Client(project=project or None) as client:
        project = client.endpoint.project
        if id:
            return SweepClient(client.sweeps.get(id).run, project, catch=catch)
        if metric and goal not in ("minimize", "maximize"):
            raise ValueError(f"goal {goal!r}; choose from minimize, maximize")
        matrix = {
            "kind": algorithm,
            "params": None if params is None else dict(params),
            "seed": seed,
            "concurrency": concurrency,
            "earlyStopping": [dict(each) for each in early_stopping] or None,
        }
        request = NewSweep(
            matrix={**{field: value for field, value in matrix.items() if value is not None}, **(options or {})},
            types=dict(types or {}),
            metric={"name": metric, "optimization": goal} if metric else None,
            trials=trials,
            name=name,
            tags=list(tags),
        )
        return SweepClient(client.send(requests.create_sweep(project, request)).id, project, catch=catch)
