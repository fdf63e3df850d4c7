"""Files of runs."""

from __future__ import annotations

import msgspec

__all__ = ["Artifact", "ArtifactPage"]


class Artifact(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a run: size in bytes, digest as `sha256:` and hex. `source` is the run that holds the bytes when that
    is another one."""

    name: str
    size: int
    digest: str
    kind: str = "file"
    at: str = ""
    source: str = ""


class ArtifactPage(msgspec.Struct, frozen=True, kw_only=True):
    """The artifacts of a run, by name."""

    items: list[Artifact]
