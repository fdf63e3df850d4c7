"""The section `notify` of the settings."""

from __future__ import annotations

from pydantic import BaseModel, Field

__all__ = ["Settings"]


class Settings(BaseModel, extra="forbid"):
    """`allow_private`: whether notifications may go to private and loopback addresses; link-local and metadata
    addresses are refused always. `timeout`: seconds that sending one may take."""

    allow_private: bool = False
    timeout: float = Field(default=10.0, gt=0, le=50)
