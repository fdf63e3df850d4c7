"""What `yard run` sends: the operation of the files that were named, checked here as far as that goes.

The first file is the operation, the others are patched onto it. A `pathRef` is read beside its file and written into
the operation. References to components and presets are looked up by the server, so with those only the structure is
checked here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

if TYPE_CHECKING:
    from trainyard.client.models import CreateRun
    from trainyard.compile.operation import Compiled
    from trainyard.compile.resolved import ResolvedOperation
    from trainyard.spec.document import Document

__all__ = ["SUFFIXES", "Material", "check", "compiled_here", "gather", "gather_command", "request_of"]

SUFFIXES = (".yaml", ".yml")
"""How the names of operation files end."""


class Material(NamedTuple):
    """What a run is made of. `text` is the operation's own, empty when it was put together here; `folder` is where
    its program is unless something else is said."""

    document: Document
    text: str
    name: str
    folder: Path
    patches: tuple[tuple[str, Document, str], ...]
    presets: tuple[str, ...]

    @property
    def refers(self) -> bool:
        """Whether a server has to look something up."""
        from trainyard.compile.reference import Library, wanted

        return bool(wanted(self.document, Library(), self.presets))


def gather(files: Sequence[Path], hub: str, presets: Sequence[str] = ()) -> Material:
    """Read the files. Raises SpecError, UsageError when there is nothing to run."""
    from trainyard.spec.document import Document
    from trainyard.spec.load import load_file

    if not files and not hub:
        raise click.UsageError(
            "say what to run: a file (yard run train.yaml), a command (yard run -- python train.py), "
            "or --hub NAME for a registered component"
        )
    first = None if hub else files[0]
    patches = files if hub else files[1:]
    read = tuple((patch.name, load_file(patch), patch.read_text(encoding="utf-8")) for patch in patches)
    names = _named(presets)
    if first is None:
        head = Document.from_mapping({"version": 1.1, "kind": "operation", "hubRef": hub})
        return Material(head, "", "", _here(), read, names)
    written = load_file(first)
    document = _inlined(written, first.parent)
    text = first.read_text(encoding="utf-8") if document is written else ""
    return Material(document, text, first.name, first.resolve().parent, read, names)


def gather_command(command: Sequence[str], presets: Sequence[str] = (), *, at_root: bool = False) -> Material:
    """What a command is made of, in this folder; `at_root`: it starts at the root of the repository, from where it goes
    here. Raises UsageError."""
    from trainyard.cli.command_operation import operation_of
    from trainyard.spec.document import Document

    folder = _here()
    operation = operation_of(command)
    if at_root:
        from trainyard.cli.git import below_root

        operation["component"]["run"]["container"]["workingDir"] = below_root(folder)
    return Material(Document.from_mapping(operation), "", "", folder, (), _named(presets))


def _named(presets: Sequence[str]) -> tuple[str, ...]:
    return tuple(name.strip() for text in presets for name in text.split(",") if name.strip())


def _here() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise click.UsageError("the working directory is gone; go to one that exists") from error


def check(material: Material, params: dict[str, str]) -> ResolvedOperation | None:
    """What it comes to, compiled as the server will; None when the server has to look something up first. Raises
    SpecError with every finding."""
    compiled = compiled_here(material, params)
    return None if compiled is None else compiled.resolved


def compiled_here(material: Material, params: dict[str, str]) -> Compiled | None:
    """The same with all that compiling says of it."""
    from trainyard.compile.context import example_globals
    from trainyard.compile.operation import compile_whole
    from trainyard.compile.reference import Library
    from trainyard.spec.check import parse_operation, parse_preset

    patches = [document for _, document, _ in material.patches]
    if material.refers:
        parse_operation(material.document)
        for patch in patches:
            parse_preset(patch)
        return None
    return compile_whole(material.document, Library(), globals=example_globals(), params=params, patches=patches)


def request_of(material: Material, **more: object) -> CreateRun:
    """The request, without code; `more` are further fields of it."""
    import msgspec

    from trainyard.client.models import CreateRun, Patch

    request = CreateRun(
        content=material.text,
        file=material.name if material.text else "",
        operation=None if material.text else dict(material.document.data),
        presets=list(material.presets),
        patches=[Patch(content=text, file=name) for name, _, text in material.patches],
    )
    return msgspec.structs.replace(request, **more)


def _inlined(document: Document, folder: Path) -> Document:
    """The operation with the file of its `pathRef` in its place."""
    from trainyard.compile.compose import inlined
    from trainyard.spec.load import load_file

    path = next((document.data[key] for key in ("pathRef", "path_ref") if key in document.data), None)
    if not isinstance(path, str) or document.data.get("component") is not None:
        return document
    return inlined(document, load_file(folder / path))
