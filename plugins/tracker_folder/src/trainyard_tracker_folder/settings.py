"""The section `tracker_folder`."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

__all__ = ["Settings"]


class Settings(BaseModel, frozen=True):
    """`root`: where to store, absolute or below the plugin's own folder (empty: that folder). `cache_mb`: memory for
    decoded series, in MiB."""

    root: str = ""
    cache_mb: Annotated[int, Field(ge=0)] = 128
