"""A document: plain data from a person, with the way back from a problem to its place in the text.

It decides how a field is found in the text (also when the file spells it in the other of the two accepted ways) and
nothing about what the fields mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from trainyard.spec.error import Finding, Path, SpecError, dotted
from trainyard.spec.node import MAX_DEPTH, Leaf, Listing, Mark, Node, Table

__all__ = ["Document", "Part", "camel", "snake"]

_MAPPINGS, _COLLECTIONS, _SCALARS = (dict, Mapping), (dict, list, Mapping), (str, int, float, type(None))
"""Concrete types stand first: a check against the abstract one costs many times as much."""


class Document:
    """Data with a name for messages and, when it was read from text, positions."""

    __slots__ = ("_lines", "_top", "data", "file")

    def __init__(
        self, data: Mapping[str, object], *, file: str | None, top: Table | None = None, text: str = ""
    ) -> None:
        self.data = data
        self.file = file
        self._top = top
        self._lines = text.split("\n")

    @classmethod
    def from_mapping(cls, data: Mapping[str, object], *, file: str | None = None) -> Document:
        """A document that came decoded, such as a JSON body: its findings carry the field path and no position.

        Raises SpecError when it is nested deeper than a text may be.
        """
        document = cls(data, file=file)
        if path := _path_to_depth(data):
            said = f"the document is nested deeper than {MAX_DEPTH} levels"
            raise SpecError([document.finding(path[:3], said, "flatten it")])
        return document

    def finding(
        self, path: Path, message: str, fix: str | None = None, *, near: str | None = None, key: bool = False
    ) -> Finding:
        """A finding at `path`: at its value, or at its key.

        `near` is the piece to point at within the expressions of the value's text; empty points at the first of them.
        """
        spelled, mark, leaf = self._follow(path)
        if leaf is not None and not key:
            mark = self._inside(leaf, near)
        line, column = mark if mark is not None else (None, None)
        return Finding(message, fix, field=dotted(spelled), file=self.file, line=line, column=column)

    def _follow(self, path: Path) -> tuple[Path, Mark | None, Leaf | None]:
        """The path as the file spells it, the place of its last part that is there, and the scalar it ends at."""
        value: object = self.data
        node: Node | None = self._top
        mark = node.start if node is not None else None
        spelled: list[str | int] = []
        for part in path:
            if not isinstance(value, Mapping if isinstance(part, str) else list):
                break  # a short form stands for the mapping or list that the path leads into
            key = _spelling(value, part)
            spelled.append(key)
            value = _step(value, key)
            if node is not None:
                mark, node = _descend(node, key, mark)
        return tuple(spelled), mark, node if isinstance(node, Leaf) else None

    def _inside(self, leaf: Leaf, near: str | None) -> Mark:
        """Where `near` stands in an expression of a scalar; else where its first expression or its text begins."""
        if near is None:
            return leaf.start
        pattern = re.compile(r"\{\{.*?(?<!\w)" + re.escape(near) + r"(?!\w)" if near else "(?!)")
        first: Mark | None = None
        for line in range(leaf.start[0], min(leaf.end[0], len(self._lines)) + 1):
            begin = leaf.start[1] - 1 if line == leaf.start[0] else 0
            text = self._lines[line - 1]
            found = pattern.search(text, begin)
            if found:
                return line, found.end() - len(near) + 1
            opening = text.find("{{", begin)
            if first is None and opening >= 0:
                first = (line, opening + 1)
        return first or leaf.start


class Part(Document):
    """Data that is checked by itself and stands at a path of a document, where its problems are told."""

    __slots__ = ("_at", "_whole")

    def __init__(self, whole: Document, at: Path, data: Mapping[str, object]) -> None:
        super().__init__(data, file=whole.file)
        self._whole, self._at = whole, at

    def finding(
        self, path: Path, message: str, fix: str | None = None, *, near: str | None = None, key: bool = False
    ) -> Finding:
        return self._whole.finding((*self._at, *path), message, fix, near=near, key=key)


def camel(name: str) -> str:
    """`max_retries` as `maxRetries`."""
    head, *rest = name.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in rest)


def snake(name: str) -> str:
    """`maxRetries` as `max_retries`."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: "_" + found[1].lower(), name)


def _path_to_depth(data: object) -> Path:
    """The path to a collection below the deepest level that a document may have; empty when there is none. Level by
    level, and each collection once in its level, so that no data exhausts the stack or the time."""
    level: dict[int, tuple[Path, object]] = {id(data): ((), data)}
    for _ in range(MAX_DEPTH):
        if not level:
            return ()
        level = {
            id(item): ((*path, key), item)
            for path, value in level.values()
            for key, item in _members(value)
            if not isinstance(item, _SCALARS) and isinstance(item, _COLLECTIONS)
        }
    return next((path for path, _ in level.values()), ())


def _members(value: object) -> Iterable[tuple[str | int, object]]:
    return value.items() if isinstance(value, _MAPPINGS) else enumerate(value) if isinstance(value, list) else ()


def _spelling(value: object, part: str | int) -> str | int:
    if isinstance(part, int) or not isinstance(value, Mapping) or part in value:
        return part
    return next((other for other in (camel(part), snake(part)) if other in value), part)


def _step(value: object, key: str | int) -> object:
    if isinstance(value, Mapping):
        return value.get(key)
    if isinstance(value, list) and isinstance(key, int) and key < len(value):
        return value[key]
    return None


def _descend(node: Node, key: str | int, mark: Mark | None) -> tuple[Mark | None, Node | None]:
    if isinstance(node, Table) and isinstance(key, str) and key in node.items:
        return node.keys.get(key, node.items[key].start), node.items[key]
    if isinstance(node, Listing) and isinstance(key, int) and key < len(node.items):
        return node.items[key].start, node.items[key]
    return mark, None
