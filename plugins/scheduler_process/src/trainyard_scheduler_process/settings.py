"""The section `scheduler_process`: what this machine offers, in place of what is found."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

__all__ = ["Settings"]

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]i?|)b?", re.IGNORECASE)


def _bytes(size: object) -> object:
    """A size that is written with a unit as a number of bytes; whatever else is given stays as it is."""
    if not isinstance(size, str):
        return size
    if (found := _SIZE.fullmatch(size.strip())) is None:
        raise ValueError("it is no size; give bytes, or a text such as '16Gi'")
    return int(float(found[1]) * _UNITS[found[2].lower()])


def _usable(amount: float) -> float:
    if amount <= 0:
        raise ValueError(
            f"{amount:g} lets no run fit; leave it out to offer what this machine has, or give an agent no work by"
            " `yard agents drain`"
        )
    return amount


_Finite = Annotated[float, Field(allow_inf_nan=False)]
_Amount = Annotated[_Finite, Field(ge=0)]


class Settings(BaseModel, frozen=True):
    """Amounts to offer. `memory` is in bytes, or a text such as `16Gi`. `resources` are amounts of anything else that
    this machine has, such as licences: they are only counted."""

    cpu: Annotated[_Finite, AfterValidator(_usable)] | None = None
    memory: Annotated[int, BeforeValidator(_bytes), AfterValidator(_usable)] | None = None
    gpu: Annotated[int, Field(ge=0)] | None = None
    resources: dict[str, _Amount] = {}
