"""References to components and presets: how they are written, which ones an operation makes, and what they lead to.

Compiling looks nothing up. `wanted` says which references an operation makes, the caller finds them wherever it keeps
them, and hands them over as a `Library`, in which every reference is either found or refused in the caller's words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from trainyard.spec.document import Document
from trainyard.spec.model import is_name

__all__ = [
    "LATEST",
    "Kind",
    "Library",
    "Reference",
    "ReferenceUse",
    "ResolvedReference",
    "is_version",
    "reference",
    "wanted",
]

Kind = Literal["component", "preset"]
LATEST = "latest"
_VERSION = re.compile(r"[-a-zA-Z0-9_.+]{1,128}")


class Reference(NamedTuple):
    """A component or preset by name and version; an empty version is the newest."""

    kind: Kind
    name: str
    version: str = ""

    def __str__(self) -> str:
        return f"{self.name}:{self.version}" if self.version else self.name


class ReferenceUse(NamedTuple):
    """What went into an operation: `digest` is that of the version's content."""

    kind: Kind
    name: str
    version: str
    digest: str


@dataclass(frozen=True, slots=True)
class ResolvedReference:
    """What a reference leads to. `warning` is said to whoever uses it."""

    use: ReferenceUse
    document: Document
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Library:
    """What a caller knows of references: what they lead to, or why they lead nowhere (message and fix)."""

    found: Mapping[Reference, ResolvedReference] = field(default_factory=dict)
    refused: Mapping[Reference, tuple[str, str]] = field(default_factory=dict)

    def knows(self, target: Reference) -> bool:
        return target in self.found or target in self.refused

    def why_not(self, target: Reference) -> tuple[str, str]:
        """Message and fix for a reference that was not found."""
        unknown = (
            f"the {target.kind} `{target}` is known to a server only",
            "use `yard run --preview`, or write its fields out in this file",
        )
        return self.refused.get(target, unknown)


def reference(kind: Kind, text: str) -> Reference:
    """Read `name` or `name:version`; the version `latest` is the newest. Raises ValueError."""
    name, colon, version = text.partition(":")
    if "/" in text:
        raise ValueError(f"a {kind} is one of the run's own project, and has no `/` in its name")
    if not is_name(name) or (colon and not is_version(version)):
        raise ValueError(f"`{text[:80]}` is not `name` or `name:version`")
    return Reference(kind, name, "" if version == LATEST else version)


def is_version(text: str) -> bool:
    """Whether this can be a version, or `latest`."""
    return _VERSION.fullmatch(text) is not None


def wanted(document: Document, library: Library, presets: Sequence[str] = ()) -> list[Reference]:
    """The references of an operation that the library does not know yet, each once.

    What is malformed is passed over: compiling names it. A component that was found may have presets of its own, so
    ask again with a library that holds it, until nothing is wanted.
    """
    targets = dict.fromkeys(_wishes(document.data, library, presets))
    return [target for target in targets if not library.knows(target)]


def _wishes(data: Mapping[str, object], library: Library, presets: Sequence[str]) -> Iterator[Reference]:
    component = data.get("component")
    if component is None:
        for target in _read("component", _either(data, "hubRef", "hub_ref")):
            yield target
            if target in library.found:
                yield from _read("preset", library.found[target].document.data.get("presets"))
    if isinstance(component, Mapping):
        yield from _read("preset", component.get("presets"))
    yield from _read("preset", data.get("presets"))
    yield from _read("preset", list(presets))
    matrix = data.get("matrix")
    tuner = matrix.get("tuner") if isinstance(matrix, Mapping) else None
    if isinstance(tuner, Mapping):
        yield from _wishes(tuner, library, ())


def _read(kind: Kind, written: object) -> Iterator[Reference]:
    if isinstance(written, str):
        written = written.split(",") if kind == "preset" else [written]
    for text in written if isinstance(written, list) else []:
        if isinstance(text, str) and text.strip():
            try:
                yield reference(kind, text.strip())
            except ValueError:
                continue


def _either(data: Mapping[str, object], *names: str) -> object:
    return next((data[name] for name in names if data.get(name) is not None), None)
