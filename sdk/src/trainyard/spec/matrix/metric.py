"""What a sweep is to make better, as it is written."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator

from trainyard.matrix.objective import Goal, Objective
from trainyard.spec.matrix.number import one_of
from trainyard.spec.model import Model, is_template, problem

__all__ = ["Direction", "Metric", "MetricName"]


def _name(value: str) -> str:
    if not value.strip() or is_template(value):
        raise problem("this is not the name of a metric", "write the name that the program logs, such as `loss`")
    return value


MetricName = Annotated[str, AfterValidator(_name)]
Direction = Annotated[Literal["minimize", "maximize"], one_of("minimize", "maximize")]


class Metric(Model):
    """A metric by the name that the program logs, and which way is better."""

    name: MetricName
    optimization: Direction

    def objective(self) -> Objective:
        return Objective(name=self.name, goal=Goal(self.optimization))
