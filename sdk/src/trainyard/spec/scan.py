"""From text to nodes: YAML with limits, and every problem of the text itself.

The text is read as libyaml events, never as a recursive composition: depth, number of values and the size that aliases
would expand to are counted while reading, so that no document can exhaust the stack, the memory or the time. Refused
here: several documents, duplicate keys, keys that are not text, foreign tags, and aliases that contain themselves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn, Protocol

import yaml

from trainyard.spec.error import Finding, SpecError
from trainyard.spec.node import MAX_DEPTH, Leaf, Listing, Mark, Node, Table, plain_scalar, tagged_scalar

__all__ = ["MAX_ALIASES", "MAX_DEPTH", "MAX_EXPANDED", "MAX_NODES", "scan"]

MAX_NODES = 100_000
MAX_ALIASES = 1_000
MAX_EXPANDED = 4 * 1024 * 1024
"""Characters of scalars, with every alias counted in full."""

_MERGE = "<<"
_TOO_DEEP = f"the document is nested deeper than {MAX_DEPTH} levels"
_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"?|\'[^\']*\'?|[\[{\]}]')
"""A bracket of a flow collection, or a quoted text, whose brackets are none."""
_PAIR = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
_STANDARD = frozenset({None, "!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})


def scan(text: str, *, file: str) -> Node:
    """The document's top node. Raises SpecError with the problem of the text, or with all duplicate keys at once."""
    joined = _joined_surrogates(text)
    scanner = _Scanner(joined, file)
    try:
        for event in yaml.parse(joined, Loader=yaml.CSafeLoader):
            scanner.take(event)
    except yaml.YAMLError as error:
        raise SpecError([*scanner.findings, scanner.problem(error)]) from None
    if scanner.findings:
        raise SpecError(scanner.findings)
    if scanner.top is None:
        fix = "start with `version: 1.1` and `kind: operation`"
        raise SpecError([Finding("the document is empty", fix, file=file)])
    return scanner.top


def _joined_surrogates(text: str) -> str:
    """JSON writes a character above U+FFFF as two escapes, which YAML does not read; both read the joined one."""
    return _PAIR.sub(lambda pair: pair[1] + _astral(int(pair[2], 16), int(pair[3], 16)), text)


def _astral(high: int, low: int) -> str:
    return f"\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08x}"


@dataclass(slots=True)
class _Open:
    """A collection that is being read, with the cost of what it holds."""

    node: Listing | Table
    anchor: str | None
    key: str | None = None
    waiting: bool = True
    nodes: int = 1
    size: int = 0
    depth: int = 1


@dataclass(frozen=True, slots=True)
class _Anchor:
    node: Node
    nodes: int
    size: int
    depth: int


class _Place(Protocol):
    """What libyaml's marks and PyYAML's have in common."""

    index: int
    line: int
    column: int


def _mark(mark: _Place | None) -> Mark:
    return (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)


class _Scanner:
    def __init__(self, text: str, file: str) -> None:
        self.text, self.file = text, file
        self.findings: list[Finding] = []
        self.top: Node | None = None
        self._stack: list[_Open] = []
        self._anchors: dict[str, _Anchor] = {}
        self._documents = self._aliases = self._nodes = self._size = self._taken = 0

    def take(self, event: yaml.Event) -> None:
        mark = _mark(event.start_mark)
        self._taken = event.end_mark.index if event.end_mark is not None else self._taken
        match event:
            case yaml.ScalarEvent():
                self._scalar(event, mark)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._start(event, mark)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._end()
            case yaml.AliasEvent():
                self._alias(event.anchor or "", mark)
            case yaml.DocumentStartEvent():
                self._document(mark)

    def problem(self, error: yaml.YAMLError) -> Finding:
        """What the library's error means to a person."""
        mark: _Place | None = getattr(error, "problem_mark", None)
        if mark is not None and (place := self._too_deep_ahead(mark.index)) is not None:
            return self._finding(_TOO_DEEP, place, "flatten it")
        return self._syntax(error, mark)

    def _too_deep_ahead(self, end: int) -> Mark | None:
        """Where the text between the last event and `end` passes the limit of depth, if it does. libyaml scans up to
        1,024 characters ahead of its events, and in them may reach a limit of its own before an event reaches ours."""
        depth = len(self._stack)
        for found in _BRACKET.finditer(self.text, self._taken, end):
            depth += (found[0] in "[{") - (found[0] in "]}")
            if depth > MAX_DEPTH:
                before = self.text[: found.start()]
                return before.count("\n") + 1, found.start() - before.rfind("\n")
        return None

    def _syntax(self, error: yaml.YAMLError, mark: _Place | None) -> Finding:
        message = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "this is not YAML")
        context = getattr(error, "context", None)
        said = f"not YAML: {message}" + (f" {context}" if context else "")
        if mark is None:
            return Finding(said, file=self.file)
        return self._finding(said, (mark.line + 1, mark.column + 1), self._syntax_fix(mark.line))

    def _syntax_fix(self, line: int) -> str | None:
        lines = self.text.splitlines()
        near = lines[line] if line < len(lines) else ""
        if "\t" in near[: len(near) - len(near.lstrip())] or near.lstrip(" -").startswith("\t"):
            return "indent with spaces, not tabs"
        if "{{" in near and '"{{' not in near and "'{{" not in near:
            return "put a value that begins with `{{` in quotes"
        return "look for a missing quote, bracket or colon on this line or the one above"

    def _document(self, mark: Mark) -> None:
        self._documents += 1
        if self._documents > 1:
            self._refuse("the file holds more than one document", mark, "keep one document in a file")

    def _scalar(self, event: yaml.ScalarEvent, mark: Mark) -> None:
        self._spend(mark, nodes=1, size=len(event.value))
        if self._is_key():
            self._key(event, mark)
            return
        leaf = Leaf(self._value(event, mark), mark, _mark(event.end_mark))
        self._remember(event.anchor, leaf, nodes=1, size=len(event.value), depth=0)
        self._place(leaf, nodes=1, size=len(event.value), depth=0, mark=mark)

    def _value(self, event: yaml.ScalarEvent, mark: Mark) -> object:
        try:
            if event.tag not in (None, "!"):
                return tagged_scalar(event.tag, event.value)
            return plain_scalar(event.value) if event.implicit[0] else event.value
        except ValueError as error:
            self.findings.append(self._finding(str(error), mark, "write it in quotes if it is text"))
            return None

    def _start(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent, mark: Mark) -> None:
        if self._is_key():
            self._refuse("a key must be text", mark, "put a value that begins with `{` or `[` in quotes")
        if event.tag not in _STANDARD:
            self._refuse(f"the tag `{event.tag}` is not part of the language", mark, "remove the tag")
        if len(self._stack) >= MAX_DEPTH:
            self._refuse(_TOO_DEEP, mark, "flatten it")
        self._spend(mark, nodes=1, size=0)
        node = Table(mark) if isinstance(event, yaml.MappingStartEvent) else Listing(mark)
        self._stack.append(_Open(node, event.anchor))

    def _end(self) -> None:
        done = self._stack.pop()
        self._remember(done.anchor, done.node, nodes=done.nodes, size=done.size, depth=done.depth)
        self._place(done.node, nodes=done.nodes, size=done.size, depth=done.depth, mark=done.node.start)

    def _alias(self, name: str, mark: Mark) -> None:
        if any(one.anchor == name for one in self._stack):
            self._refuse(f"the alias `*{name}` contains itself", mark, "write the value out")
        target = self._anchors.get(name)
        if target is None:
            self._refuse(f"there is no anchor `&{name}` before this alias", mark, "write the value out")
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            self._refuse(f"the document has more than {MAX_ALIASES} aliases", mark, "write the values out")
        if self._is_key():
            self._refuse("a key must be text, not an alias", mark, "write the key out")
        if len(self._stack) + target.depth > MAX_DEPTH:
            self._refuse(f"with its aliases the document is nested deeper than {MAX_DEPTH} levels", mark, "flatten it")
        self._spend(mark, nodes=target.nodes, size=target.size)
        self._place(target.node, nodes=target.nodes, size=target.size, depth=target.depth, mark=mark)

    def _is_key(self) -> bool:
        return bool(self._stack) and isinstance(self._stack[-1].node, Table) and self._stack[-1].waiting

    def _key(self, event: yaml.ScalarEvent, mark: Mark) -> None:
        value = self._value(event, mark)
        if not isinstance(value, str):
            fix = f'write "{event.value}" in quotes'
            self.findings.append(self._finding("a key must be text", mark, fix))
        self._stack[-1].key = event.value
        self._stack[-1].waiting = False
        table = self._stack[-1].node
        assert isinstance(table, Table)
        if event.value in table.keys and event.value != _MERGE:
            first = table.keys[event.value][0]
            said = f"the key `{event.value}` is given twice; first on line {first}"
            self.findings.append(self._finding(said, mark, "remove one of them"))
        table.keys.setdefault(event.value, mark)

    def _place(self, node: Node, *, nodes: int, size: int, depth: int, mark: Mark) -> None:
        if not self._stack:
            self.top = node
            return
        parent = self._stack[-1]
        parent.nodes, parent.size = parent.nodes + nodes, parent.size + size
        parent.depth = max(parent.depth, depth + 1)
        if isinstance(parent.node, Listing):
            parent.node.items.append(node)
            return
        assert parent.key is not None
        parent.waiting = True
        if parent.key == _MERGE:
            self._merge(parent.node, node, mark)
        else:
            parent.node.items[parent.key] = node

    def _merge(self, into: Table, node: Node, mark: Mark) -> None:
        """`<<` as YAML 1.1 has it: a key of the mapping itself wins, and so does the earlier of several merged ones."""
        for source in node.items if isinstance(node, Listing) else [node]:
            if not isinstance(source, Table):
                self._refuse("`<<` merges a mapping or a list of mappings", mark, "give it an alias of a mapping")
            for key, item in source.items.items():
                into.items.setdefault(key, item)

    def _remember(self, anchor: str | None, node: Node, *, nodes: int, size: int, depth: int) -> None:
        if anchor is not None:
            self._anchors[anchor] = _Anchor(node, nodes, size, depth)

    def _spend(self, mark: Mark, *, nodes: int, size: int) -> None:
        self._nodes, self._size = self._nodes + nodes, self._size + size
        if self._nodes > MAX_NODES or self._size > MAX_EXPANDED:
            self._refuse("the document is too large once its aliases are written out", mark, "use fewer aliases")

    def _finding(self, message: str, mark: Mark, fix: str | None) -> Finding:
        return Finding(message, fix, file=self.file, line=mark[0], column=mark[1])

    def _refuse(self, message: str, mark: Mark, fix: str) -> NoReturn:
        raise SpecError([*self.findings, self._finding(message, mark, fix)])
