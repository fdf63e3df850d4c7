"""The section `optimizer_ax`."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

__all__ = ["Settings"]


class Settings(BaseModel, frozen=True):
    """`deadline`: seconds that a call waits for the model. `hold`: seconds that the model's answers at full effort are
    held back, to try out what a deadline does."""

    deadline: Annotated[float, Field(gt=0)] = 30.0
    hold: Annotated[float, Field(ge=0)] = 0.0
