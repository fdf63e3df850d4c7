"""Files of runs, and how large ones arrive in parts."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from trainyard.names import KIND_CHARS, NAME_BYTES

__all__ = ["MOST_BYTES", "Artifact", "ArtifactPage", "Folder", "NewUpload", "Upload"]

MOST_BYTES = 1 << 40
"""The largest artifact, in bytes."""


class Artifact(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a run: size in bytes, digest as `sha256:` and hex. `source` is the run that holds the bytes when that
    is another one."""

    name: str
    size: int
    digest: str
    kind: str = "file"
    at: str = ""
    source: str = ""


class Folder(msgspec.Struct, frozen=True, kw_only=True):
    """What lies below a name that ends with `/`: how many files, their bytes in all, and when the newest came."""

    name: str
    files: int
    size: int
    at: str = ""


class ArtifactPage(msgspec.Struct, frozen=True, kw_only=True):
    """Artifacts of a run by name; in a view of one folder also the folders in it, which are in the same order."""

    items: list[Artifact]
    folders: list[Folder] = []
    next: str | None = None


class NewUpload(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file that will come in parts: its name, bytes, digest (`sha256:` and hex) and kind."""

    name: Annotated[str, Meta(min_length=1, max_length=2 * NAME_BYTES)]
    size: Annotated[int, Meta(ge=0, le=MOST_BYTES)]
    digest: Annotated[str, Meta(pattern="^sha256:[0-9a-f]{64}$", max_length=71)]
    kind: Annotated[str, Meta(min_length=1, max_length=KIND_CHARS)] = "file"


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """How far an upload is. The server keeps `offset` bytes for certain, the next one wanted is that one. Of a part it
    keeps whole multiples of `step` bytes, and the last bytes whatever their number. `done`: the artifact is there."""

    id: str
    name: str
    size: int
    digest: str
    kind: str
    offset: int
    step: int
    done: bool
    updated_at: str = ""
