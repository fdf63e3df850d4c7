"""The optimizers of this process, each built when the first sweep of its kind comes."""

from __future__ import annotations

from trainyard.client.models import FieldProblem
from trainyard_core.contracts.optimizer import Optimizer
from trainyard_core.errors import Invalid, choice
from trainyard_core.registry import Registry
from trainyard_core.settings import Settings, install

__all__ = ["InstalledAlgorithms"]


class InstalledAlgorithms:
    """What `work.opening.Algorithms` asks for. `aclose` frees what was built."""

    def __init__(self, registry: Registry, settings: Settings) -> None:
        self._registry, self._settings = registry, settings
        self._built: dict[str, Optimizer] = {}

    def get(self, name: str) -> Optimizer:
        """The optimizer of that kind of matrix. Raises Invalid, naming those that are installed, StartRefused for one
        that does not start."""
        known = self._registry.optimizers.by_name
        if name not in known:
            message = choice("algorithm", name, known) if known else f"no algorithm is installed, '{name}' neither"
            fix = f"install it where the server runs: {install('optimizer', name)}"
            raise Invalid(message, fix=fix, problems=[FieldProblem(field="matrix.kind", message=message, fix=fix)])
        if name not in self._built:
            self._built[name] = self._registry.optimizer(name, self._settings)
        return self._built[name]

    async def aclose(self) -> None:
        """Close every optimizer that was built."""
        built, self._built = self._built, {}
        for optimizer in built.values():
            await optimizer.aclose()
