"""What all kinds of matrix have in common, and the questions that each answers about itself.

A kind is a subclass of `Matrix`. Its fields are what a person writes; its methods say what they come to, in the structs
that optimizers read. The answers are pure and cheap. Raising is for fields, when they are validated: a method may take
for granted that the model is right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import JsonValue, SerializeAsAny

from trainyard.matrix.objective import Limit, Objective
from trainyard.matrix.space import Linear, Param
from trainyard.matrix.stopping import Rule
from trainyard.spec.family import Family, by_kind
from trainyard.spec.matrix.number import Natural
from trainyard.spec.matrix.stopping import AnyStopping
from trainyard.spec.model import Model

__all__ = ["AnyMatrix", "Matrix"]


class Matrix(Family):
    """A `matrix` of any kind. `concurrency` is how many trials go on at once; the optimizer says it if the file does
    not."""

    noun: ClassVar[str] = "matrix"
    elsewhere: ClassVar[str] = "or install the plugin that offers it"
    common: ClassVar[frozenset[str]] = frozenset({"kind", "params", "concurrency", "early_stopping", "seed"})
    """Fields that are no options of an algorithm; a subclass adds those that it answers for otherwise."""

    concurrency: Natural | None = None
    early_stopping: tuple[AnyStopping, ...] = ()

    @classmethod
    def members(cls) -> Iterable[str]:
        from trainyard.spec.matrix import installed

        return installed.MATRICES.names()

    @classmethod
    def member(cls, kind: str) -> type[Model] | None:
        from trainyard.spec.matrix import installed

        return installed.MATRICES.find(kind)

    def algorithm(self) -> str:
        """The name of the optimizer that searches it."""
        return self.kind

    def draws(self) -> int | None:
        """The seed of the file."""
        return getattr(self, "seed", None)

    def space(self) -> Mapping[str, Family]:
        """The shapes of the params that are searched, by name and in the order of the file."""
        return {}

    def listed(self) -> Sequence[Mapping[str, JsonValue]]:
        """The params of each trial, for a kind that writes them out instead of giving a space."""
        return ()

    def added(self) -> Mapping[str, int | float]:
        """Params that the algorithm itself gives to each trial, as the field `resource` names them, with a value that
        stands for all. Each is one of the inputs and none of `params`."""
        return {}

    def refusal(self, param: Param) -> tuple[str, str] | None:
        """Why this kind cannot search such a param, and what to write instead."""
        return None

    def crowd(self, combinations: int | None) -> tuple[str, str] | None:
        """Why so many combinations (None: without end) are too many for this kind, and what to write instead."""
        return None

    def proposes_any(self) -> bool:
        """Whether trials may come with values of any input, so that no input needs one beforehand."""
        return False

    def refers(self) -> bool:
        """Whether it names components or presets that are to be looked up."""
        return False

    def objectives(self) -> tuple[Objective, ...]:
        """What trials are judged by."""
        return ()

    def limits(self) -> tuple[Limit, ...]:
        """What a good trial keeps within."""
        return ()

    def constraints(self) -> tuple[Linear, ...]:
        """What params must satisfy together."""
        return ()

    def options(self) -> dict[str, object]:
        """What the algorithm is told besides: the kind's own fields as plain data, by the names of the file."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=set(self.common))

    def rules(self) -> tuple[Rule, ...]:
        """What `earlyStopping` comes to."""
        return tuple(rule for stopping in self.early_stopping for rule in stopping.rules())


AnyMatrix = Annotated[SerializeAsAny[Matrix], by_kind(Matrix)]
