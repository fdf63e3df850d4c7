"""Data that was put together from several documents, with the way back from each value to the text it came from.

This module decides how documents become such data and how a problem in it is placed; what is put where is decided in
`patch.py` and `compose.py`. Field names are brought to one spelling (camelCase) on the way, and the two ways to write
tags and variables to one shape, because values that mean the same field must meet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args, get_origin

from trainyard.spec.document import Document, camel, snake
from trainyard.spec.error import Finding, Path
from trainyard.spec.model import Model

__all__ = ["ComposedDocument", "Fragment", "annotation_of", "grow", "model_of", "plain"]

_SPLIT = frozenset({"tags", "presets"})


@dataclass(frozen=True, slots=True)
class Fragment:
    """A value and where it was written. `value` is a scalar, a dict of pieces or a list of pieces."""

    value: object
    document: Document
    path: Path

    def table(self) -> dict[str, Fragment]:
        """Its entries; none if it is no mapping."""
        return self.value if isinstance(self.value, dict) else {}

    def get(self, key: str) -> Fragment | None:
        """The entry, unless it is absent or null."""
        found = self.table().get(key)
        return None if found is None or found.value is None else found

    def holding(self, entries: Mapping[str, Fragment]) -> Fragment:
        """The same place with other entries."""
        return Fragment(dict(entries), self.document, self.path)


class ComposedDocument(Document):
    """A document of pieces: a problem in it is told at the place of the document that the piece came from."""

    __slots__ = ("root",)

    def __init__(self, root: Fragment) -> None:
        data = plain(root)
        assert isinstance(data, dict)
        super().__init__(data, file=root.document.file)
        self.root = root

    def finding(
        self, path: Path, message: str, fix: str | None = None, *, near: str | None = None, key: bool = False
    ) -> Finding:
        piece, rest = self.root, list(path)
        while rest and (inner := _inner(piece, rest[0])) is not None:
            piece = inner
            rest.pop(0)
        return piece.document.finding((*piece.path, *rest), message, fix, near=near, key=key)


def grow(document: Document, model: type[Model], *, at: str = "") -> Fragment:
    """The data of a document, or its field `at`, that is described by `model`, as pieces."""
    if not at:
        return _grow(document.data, model, document, ())
    return _grow(document.data.get(at, document.data.get(snake(at))), model, document, (at,))


def plain(piece: Fragment) -> object:
    """The data itself."""
    if isinstance(piece.value, dict):
        return {key: plain(item) for key, item in piece.value.items()}
    if isinstance(piece.value, list):
        return [plain(item) for item in piece.value]
    return piece.value


def annotation_of(model: type[Model] | None, key: str) -> object:
    """The annotation of the field that `key` spells; None if there is no such field."""
    if model is None:
        return None
    found = (field.annotation for name, field in model.model_fields.items() if key in (name, field.alias))
    return next(found, None)


def model_of(annotation: object) -> type[Model] | None:
    """The model that the annotation is, or is optionally; not one within a list or a mapping."""
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return annotation
    if get_origin(annotation) in (tuple, list, dict):
        return None
    return next((found for part in get_args(annotation) if (found := model_of(part)) is not None), None)


def _item_model(annotation: object) -> type[Model] | None:
    """The model of the items of a list."""
    if get_origin(annotation) in (tuple, list):
        return next((found for part in get_args(annotation) if (found := model_of(part)) is not None), None)
    return next((found for part in get_args(annotation) if (found := _item_model(part)) is not None), None)


def _grow(value: object, model: type[Model] | None, document: Document, path: Path) -> Fragment:
    if isinstance(value, Mapping):
        model = model.described_by(value) if model is not None else None
        spelled = {key: _spelling(key, model, value) for key in value}
        entries = {
            spelled[key]: _field(spelled[key], item, model, document, (*path, key)) for key, item in value.items()
        }
        return Fragment(entries, document, path)
    if isinstance(value, list):
        return Fragment([_grow(one, model, document, (*path, n)) for n, one in enumerate(value)], document, path)
    return Fragment(value, document, path)


def _field(name: str, value: object, model: type[Model] | None, document: Document, path: Path) -> Fragment:
    annotation = annotation_of(model, name)
    if annotation is None:
        return _grow(value, None, document, path)
    if name in _SPLIT and isinstance(value, str):
        words = [word.strip() for word in value.split(",") if word.strip()]
        return Fragment([Fragment(word, document, path) for word in words], document, path)
    grown = _grow(value, _item_model(annotation) if isinstance(value, list) else model_of(annotation), document, path)
    return _variables(grown) if name == "env" else grown


def _variables(grown: Fragment) -> Fragment:
    """Kubernetes' list of `{name, value}` as a mapping, if it is one and names each variable once."""
    if not isinstance(grown.value, list):
        return grown
    named: dict[str, Fragment] = {}
    for item in grown.value:
        entries = item.table()
        name = entries["name"].value if set(entries) == {"name", "value"} else None
        if not isinstance(name, str) or name in named:
            return grown
        named[name] = entries["value"]
    return grown.holding(named)


def _spelling(key: str, model: type[Model] | None, within: Mapping[str, object]) -> str:
    """The camelCase name of a field; a field that is given in both spellings keeps them, to be told of."""
    if model is None or key not in model.model_fields or camel(key) in within:
        return key
    return model.model_fields[key].alias or key


def _inner(piece: Fragment, part: str | int) -> Fragment | None:
    if isinstance(piece.value, dict) and isinstance(part, str):
        return next((piece.value[name] for name in (part, camel(part), snake(part)) if name in piece.value), None)
    if isinstance(piece.value, list) and isinstance(part, int) and part < len(piece.value):
        found = piece.value[part]
        assert isinstance(found, Fragment)
        return found
    return None
