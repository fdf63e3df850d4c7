"""The section `[everything]` of the settings."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["EverythingSettings"]


class EverythingSettings(BaseModel):
    """`greeting` is on the home page; `longest` is how many characters a note may have."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    greeting: str = "hello"
    longest: int = Field(default=1000, ge=1)
