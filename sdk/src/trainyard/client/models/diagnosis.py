"""What was looked at when something does not work, hop by hop."""

from __future__ import annotations

import msgspec

__all__ = ["Check", "Diagnosis", "UploadCheck"]


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One hop. `state` is `ok`, `warning`, `failed` or `skipped`; `detail` says what was seen, `fix` what to do, and
    `milliseconds` how long it took."""

    name: str
    state: str
    detail: str = ""
    fix: str = ""
    milliseconds: float = 0.0


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """The server's own look at what it stands on."""

    items: list[Check]


class UploadCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What arrived of a dry upload: its size in bytes and its digest, `sha256:` and hex."""

    size: int
    digest: str
