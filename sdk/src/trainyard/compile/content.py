"""What may be registered as a component or a preset, and the digest that makes two contents the same.

A digest is of the meaning: spelling, comments, order of keys and the fields left at their defaults do not change it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from trainyard.compile.fragment import grow, plain
from trainyard.compile.operation import check_component
from trainyard.compile.reference import Kind
from trainyard.compile.report import Findings
from trainyard.compile.resolved import digest_of
from trainyard.compile.template import parse
from trainyard.compile.value import TemplateError
from trainyard.spec.check import parse_preset
from trainyard.spec.document import Document
from trainyard.spec.error import Path, SpecError
from trainyard.spec.model import is_template
from trainyard.spec.operation import Operation

__all__ = ["content_digest"]


def content_digest(kind: Kind, document: Document) -> str:
    """Check the content of a component or preset; its digest. Raises SpecError with every finding."""
    return _component(document) if kind == "component" else _preset(document)


def _component(document: Document) -> str:
    component = check_component(document)
    return digest_of(component.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude={"version"}))


def _preset(document: Document) -> str:
    preset = parse_preset(document)
    if not preset.is_preset:
        said, fix = "a preset says that it is one", "write `isPreset: true` at the top"
        raise SpecError([document.finding(("isPreset",) if "isPreset" in document.data else (), said, fix)])
    report = Findings(document)
    for path, text in _texts(document.data, ()):
        try:
            parse(text)
        except TemplateError as error:
            report.add_template(path, error)
    report.stop()
    data = plain(grow(document, Operation))
    assert isinstance(data, dict)
    return digest_of({name: value for name, value in data.items() if name not in ("version", "kind")})


def _texts(value: object, path: Path) -> Iterator[tuple[Path, str]]:
    """Every text that is a template, with its place."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index))
    elif is_template(value):
        yield path, value
