"""The optimizers of this process, each built when it is first needed."""

from __future__ import annotations

from trainyard.client.models import FieldProblem
from trainyard_core.contracts.optimizer import Optimizer
from trainyard_core.errors import Invalid, choice
from trainyard_core.registry import Registry
from trainyard_core.settings import Settings, install

__all__ = ["InstalledOptimizers"]


class InstalledOptimizers:
    """By the kind of matrix that each searches. `aclose` frees what was built."""

    def __init__(self, registry: Registry, settings: Settings) -> None:
        self._registry, self._settings = registry, settings
        self._built: dict[str, Optimizer] = {}

    def get(self, kind: str) -> Optimizer:
        """The optimizer of that kind of matrix. Raises Invalid, naming those that are installed, StartRefused for one
        that does not start."""
        if kind in self._built:
            return self._built[kind]
        known = self._registry.optimizers.by_name
        if kind not in known:
            message = choice("algorithm", kind, known) if known else f"no algorithm is installed, '{kind}' neither"
            fix = f"install it where the server runs: {install('optimizer', kind)}"
            raise Invalid(message, fix=fix, problems=[FieldProblem(field="matrix.kind", message=message, fix=fix)])
        self._built[kind] = self._registry.optimizer(kind, self._settings)
        return self._built[kind]

    async def aclose(self) -> None:
        """Close every optimizer that was built."""
        built, self._built = self._built, {}
        for optimizer in built.values():
            await optimizer.aclose()
