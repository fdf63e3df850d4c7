"""What a run is created from: an operation of files or of a mapping, checked here as far as that goes, and the request
that it becomes.

The first file is the operation, the others are patched onto it. A `pathRef` is read beside its file and written into
the operation. References to components and presets are looked up by the server, so with those only the structure is
checked here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from trainyard.client.models import CreateRun
    from trainyard.compile.operation import CompiledOperation
    from trainyard.compile.resolved import ResolvedOperation
    from trainyard.spec.document import Document

__all__ = ["Material", "check", "compiled_here", "folder_code", "of_component", "of_files", "of_mapping", "request_of"]


class Material(NamedTuple):
    """What a run is made of. `text` is the operation's own, empty when it was put together here; `folder` is where
    its program is by default."""

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


def of_files(files: Sequence[Path], presets: Sequence[str] = ()) -> Material:
    """An operation file, and the files that are patched onto it. Raises SpecError."""
    from trainyard.spec.load import load_file

    first = files[0]
    written = load_file(first)
    document = _inlined(written, first.parent)
    text = first.read_text(encoding="utf-8") if document is written else ""
    return Material(document, text, first.name, first.resolve().parent, _patches(files[1:]), tuple(presets))


def of_component(name: str, folder: Path, patches: Sequence[Path] = (), presets: Sequence[str] = ()) -> Material:
    """A registered component, and the files that are patched onto it. Raises SpecError."""
    return of_mapping({"version": 1.1, "kind": "operation", "hubRef": name}, folder, patches, presets)


def of_mapping(
    operation: Mapping[str, Any], folder: Path, patches: Sequence[Path] = (), presets: Sequence[str] = ()
) -> Material:
    """An operation as a mapping; its program and a `pathRef` are in `folder`. Raises SpecError."""
    from trainyard.spec.document import Document

    document = _inlined(Document.from_mapping(dict(operation)), folder)
    return Material(document, "", "", folder, _patches(patches), tuple(presets))


def check(material: Material, params: Mapping[str, Any]) -> ResolvedOperation | None:
    """What it comes to, compiled as the server will; None when the server has to look something up first. Raises
    SpecError with every finding."""
    compiled = compiled_here(material, params)
    return None if compiled is None else compiled.resolved


def compiled_here(material: Material, params: Mapping[str, Any]) -> CompiledOperation | None:
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
    return compile_whole(material.document, Library(), globals=example_globals(), params=dict(params), patches=patches)


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


def folder_code(folder: Path) -> dict[str, Any]:
    """The `code` of a run whose program is in a folder of this machine and used there."""
    return {"kind": "folder", "path": str(folder)}


def _patches(files: Sequence[Path]) -> tuple[tuple[str, Document, str], ...]:
    from trainyard.spec.load import load_file

    return tuple((patch.name, load_file(patch), patch.read_text(encoding="utf-8")) for patch in files)


def _inlined(document: Document, folder: Path) -> Document:
    """The operation with the file of its `pathRef` in its place."""
    from trainyard.compile.compose import inlined
    from trainyard.spec.load import load_file

    path = next((document.data[key] for key in ("pathRef", "path_ref") if key in document.data), None)
    if not isinstance(path, str) or document.data.get("component") is not None:
        return document
    return inlined(document, load_file(folder / path))
