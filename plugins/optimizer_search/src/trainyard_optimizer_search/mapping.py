"""`mapping`: the trials that the file lists, in its order."""

from __future__ import annotations

from trainyard.client.models import FieldProblem
from trainyard_core.contracts.optimizer import Study
from trainyard_optimizer_search.listing import Listing

__all__ = ["MappingOptimizer"]


class MappingOptimizer(Listing):
    """Options: `values`, a list of params by name, one for each trial."""

    name = "mapping"

    def check(self, study: Study) -> list[FieldProblem]:
        values = study.options.get("values")
        fix = "give `values`, a list of mappings from param to value, one a trial"
        if not isinstance(values, list | tuple) or not values:
            return [FieldProblem(message="mapping has no values", field="values", fix=fix)]
        return [
            FieldProblem(
                message=f"value {place} of the mapping is no mapping: {value!r}", field=f"values[{place}]", fix=fix
            )
            for place, value in enumerate(values)
            if not isinstance(value, dict) or not value
        ]

    def most(self, study: Study) -> int:
        return len(_values(study))

    def entry(self, study: Study, seed: int, at: int) -> tuple[dict[str, object], int] | None:
        values = _values(study)
        return (dict(values[at]), at + 1) if at < len(values) else None


def _values(study: Study) -> list[dict[str, object]]:
    values = study.options["values"]
    return list(values) if isinstance(values, list | tuple) else []
