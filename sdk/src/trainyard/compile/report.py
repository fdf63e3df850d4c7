"""Collecting the findings of a compilation, so that one pass names everything that is wrong."""

from __future__ import annotations

from trainyard.compile.value import TemplateError
from trainyard.spec.document import Document
from trainyard.spec.error import Finding, Path, SpecError

__all__ = ["Findings"]


class Findings:
    """The findings so far about one document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.findings: list[Finding] = []

    def add(self, path: Path, message: str, fix: str | None = None, *, key: bool = False) -> None:
        self.findings.append(self.document.finding(path, message, fix, key=key))

    def add_given(self, field: str, message: str, fix: str | None) -> None:
        """A finding about what the caller gave, which stands in no document."""
        self.findings.append(Finding(message, fix, field=field))

    def add_template(self, path: Path, error: TemplateError) -> None:
        self.findings.append(self.document.finding(path, error.message, error.fix, near=error.near or ""))

    def stop(self) -> None:
        """Raises SpecError if anything has been found."""
        if self.findings:
            raise SpecError(sorted(self.findings, key=lambda one: (one.line or 0, one.column or 0)))
