"""The page about the language: its examples compile, and its tables are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from trainyard.compile import doc_tables
from trainyard.compile.context import example_globals
from trainyard.compile.operation import compile_operation
from trainyard.compile.template import parse
from trainyard.spec.load import load_text

PAGE = Path(__file__).parents[3] / "docs" / "language.md"
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL) if PAGE.exists() else []

TABLES = [
    doc_tables.fields_table,
    doc_tables.later_table,
    doc_tables.filters_table,
    doc_tables.matrix_table,
    doc_tables.shapes_table,
]

pytestmark = pytest.mark.skipif(not PAGE.exists(), reason="the documentation is not beside this distribution")


@pytest.mark.parametrize("text", EXAMPLES, ids=range(len(EXAMPLES)))
def test_the_examples_compile(text: str) -> None:
    resolved = compile_operation(load_text(text, file="language.md"), globals=example_globals())
    assert resolved.command or resolved.sweep


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 2


@pytest.mark.parametrize("table", TABLES)
def test_the_tables_are_those_of_the_code(table: object) -> None:
    assert callable(table)
    assert table() in PAGE.read_text()


def test_the_way_to_write_literal_braces_is_as_the_page_says() -> None:
    assert parse("{{ '{{' }}").names == frozenset()
    assert parse("{% raw %}{{ x }}{% endraw %}").parts == ("{{ x }}",)
