"""Which names, kinds and texts things may have: one rule for tracking, the client, the commands and the server.

Tracking asks before it records, the server before it stores, so what one takes the other takes too. What becomes of a
refusal is the caller's to say: the server answers 422, tracking leaves the thing out and says so. Standard library
only.
"""

from __future__ import annotations

import re

__all__ = [
    "DESCRIPTION_CHARS",
    "KIND_CHARS",
    "MESSAGE_CHARS",
    "METRIC_NAME_BYTES",
    "NAME_BYTES",
    "PART_BYTES",
    "PLAIN_NAME",
    "RUN_NAME_CHARS",
    "SYSTEM_METRICS",
    "TAGS",
    "TAG_CHARS",
    "VALUES",
    "VALUES_BYTES",
    "VALUE_BYTES",
    "VALUE_CHARS",
    "BadName",
    "check_artifact_name",
    "check_kind",
    "check_plain_name",
    "nearest_plain_name",
    "storable",
]

PART_BYTES = 255
"""The longest part of an artifact's name between two `/`, in bytes of UTF-8."""
NAME_BYTES = 1024
"""The longest artifact name, in bytes of UTF-8 without its `/`."""
KIND_CHARS = 64
"""The longest kind of an artifact."""
RUN_NAME_CHARS = 250
"""The longest name of a run."""
TAG_CHARS = 250
"""The longest tag."""
TAGS = 256
"""The most tags of a run."""
DESCRIPTION_CHARS = 16 * 1024
"""The longest description of a run."""
VALUE_BYTES = 256 * 1024
"""The longest param, output or fact of a run, as JSON."""
VALUE_CHARS = 64 * 1024
"""The longest text in one."""
VALUES = 4096
"""The most params of a run, and the most outputs, and the most facts."""
VALUES_BYTES = 1024 * 1024
"""All params of a run, all outputs or all facts, as JSON."""
METRIC_NAME_BYTES = 2048
"""The longest name of a metric, in bytes of UTF-8: an index of PostgreSQL takes no more."""
MESSAGE_CHARS = 10_000
"""The longest word that somebody gives with what is done to a run."""
SYSTEM_METRICS = "system/"
"""What the names of metrics begin with that no program has logged: their steps are seconds."""
PLAIN_NAME = "letters, digits, '-', '_' and '.', starting with a letter or digit, at most 64"
"""What the name of a project, queue, agent or principal is made of, in words."""

_PLAIN = re.compile(r"[a-zA-Z0-9][-a-zA-Z0-9_.]{0,63}")


class BadName(ValueError):
    """A name that could leave its root, or that cannot be stored."""


def check_artifact_name(name: str) -> None:
    """The rule for names of artifacts: relative, with `/` between parts. Raises BadName."""
    shown, parts = f"artifact name {name[:80]!r}", name.split("/")
    if "" in parts:
        raise BadName(f"{shown}: it must be relative, with a part between any two '/'")
    if "." in parts or ".." in name.replace("\\", "/").split("/") or name.startswith("\\"):
        raise BadName(f"{shown}: '.' and '..' are no parts of a name, nor may it be absolute")
    try:
        lengths = [len(part.encode()) for part in parts]
    except UnicodeEncodeError:
        raise BadName(f"{shown}: it is not valid Unicode") from None
    if "\0" in name or max(lengths) > PART_BYTES or sum(lengths) > NAME_BYTES:
        raise BadName(f"{shown}: no NUL, at most {PART_BYTES} bytes a part and {NAME_BYTES} in all")


def check_kind(kind: str) -> None:
    """The rule for kinds of artifacts (`file`, `model`). Raises BadName."""
    if not 1 <= len(kind) <= KIND_CHARS or not kind.isprintable():
        raise BadName(f"artifact kind {kind[:80]!r}: use 1 to {KIND_CHARS} characters that can be printed")


def check_plain_name(noun: str, name: str) -> None:
    """The rule for names of projects, queues, agents and principals. Raises BadName."""
    if not _PLAIN.fullmatch(name):
        raise BadName(f"'{name[:80]}' cannot be the name of a {noun}")


def nearest_plain_name(text: str) -> str:
    """The plain name that is most like a text; empty when nothing of it can be in one."""
    return re.sub(r"[^-a-zA-Z0-9_.]+", "-", text).lstrip("-_.")[:64].rstrip("-")


def storable(text: str, most: int) -> str:
    """The text as every database keeps it: at most `most` characters, without NUL and lone surrogates."""
    return text[:most].encode("utf-8", "replace").decode().replace("\0", "?")
