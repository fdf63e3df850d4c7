"""The section `[everything]` of the settings."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from trainyard_core.contracts.secret import SecretRef

__all__ = ["EverythingSettings"]


class EverythingSettings(BaseModel):
    """`greeting` is on the home page; `longest` is how many characters a note may have; `lockbox` is where the secret
    `master` of the source `lockbox` is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    greeting: str = "hello"
    longest: int = Field(default=1000, ge=1)
    lockbox: SecretRef | None = None
