"""Rendering the fields of an operation: each text once, with problems collected at the field they are in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from trainyard.compile.evaluate import Budget
from trainyard.compile.report import Findings
from trainyard.compile.template import check_names, parse, render
from trainyard.compile.value import TemplateError, text_of
from trainyard.spec.error import Path
from trainyard.spec.model import is_template

__all__ = ["Renderer"]


class Renderer:
    """Evaluates templates over one context, or with `check_only` looks at their syntax and names and evaluates none:
    a value that is missing already should not be reported again by everything that reads it."""

    def __init__(self, report: Findings, context: Mapping[str, object], budget: Budget, *, check_only: bool) -> None:
        self.report, self.context, self.budget = report, context, budget
        self._check_only = check_only

    @property
    def evaluates(self) -> bool:
        """Whether texts are evaluated; False: they are only looked at."""
        return not self._check_only

    def value(self, path: Path, source: object) -> object:
        """The value of a field: of a template its result with its type, of anything else itself."""
        if not is_template(source):
            return source
        if self.budget.exhausted:
            return None
        try:
            if self._check_only:
                check_names(parse(source), self.context)
                return None
            return render(source, self.context, self.budget)
        except TemplateError as error:
            self.report.add_template(path, error)
            return None

    def tree(self, path: Path, source: object) -> object:
        """The value with every text in it rendered."""
        if isinstance(source, Mapping):
            return {key: self.tree((*path, key), item) for key, item in source.items()}
        if isinstance(source, list):
            return [self.tree((*path, index), item) for index, item in enumerate(source)]
        return self.value(path, source)

    def text(self, path: Path, source: str | None) -> str | None:
        """The field as text, None when it is not set or its template has no value."""
        value = self.value(path, source)
        return None if value is None else self._as_text(path, value)

    def texts(self, path: Path, sources: tuple[str, ...]) -> tuple[str, ...]:
        """A list of texts: an item that is a list is spliced in, an item without a value is dropped."""
        found: list[str] = []
        for index, source in enumerate(sources):
            if is_template(source):
                found += self._items((*path, index), source)
            else:
                found.append(self._as_text((*path, index), source))
        return tuple(found)

    def _items(self, path: Path, source: str) -> Iterator[str]:
        value = self.value(path, source)
        for item in value if isinstance(value, list) else [value]:
            if item is not None:
                yield self._as_text(path, item)

    def _as_text(self, path: Path, value: object) -> str:
        try:
            text = text_of(value)
            self.budget.spend(len(text))
        except TemplateError as error:
            self.report.add_template(path, error)
            return ""
        if "\0" in text:
            self.report.add(path, "the text holds a NUL character", "remove it")
        return text
