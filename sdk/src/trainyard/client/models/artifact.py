"""Files of runs."""

from __future__ import annotations

import msgspec

__all__ = ["Artifact", "ArtifactPage"]


class Artifact(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a run: size in bytes, digest as `sha256:` and hex."""

    name: str
    size: int
    digest: str
    kind: str = "file"
    at: str = ""


class ArtifactPage(msgspec.Struct, frozen=True, kw_only=True):
    """The artifacts of a run, by name."""

    items: list[Artifact]
