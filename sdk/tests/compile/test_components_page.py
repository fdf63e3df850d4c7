"""The page about components: its examples are registered, referred to and compiled, and its table is that of the
code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from trainyard.compile import (
    Library,
    Reference,
    ReferenceUse,
    ResolvedReference,
    compile_whole,
    doc_tables,
    example_globals,
)
from trainyard.compile.content import content_digest
from trainyard.compile.reference import Kind
from trainyard.spec.load import load_text

PAGE = Path(__file__).parents[3] / "docs" / "components.md"
EXAMPLES = dict(re.findall(r"```yaml\n# (\w+)\.yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)) if PAGE.exists() else {}

pytestmark = pytest.mark.skipif(not PAGE.exists(), reason="the documentation is not beside this distribution")


def found(kind: Kind, name: str, version: str) -> dict[Reference, ResolvedReference]:
    document = load_text(EXAMPLES[name], file=f"{name}.yaml")
    use = ReferenceUse(kind, name, "1.0", content_digest(kind, document))
    return {Reference(kind, name, version): ResolvedReference(use, document)}


def test_the_example_runs_as_the_page_says() -> None:
    library = Library({**found("component", "train", "1.0"), **found("preset", "gpu", "")})
    done = compile_whole(load_text(EXAMPLES["digits"], file="digits.yaml"), library, globals=example_globals())
    assert (done.resolved.queue, done.resolved.args, done.resolved.env) == ("gpu", ("--lr=0.5",), {"MODE": "fast"})
    assert (done.resolved.resources.gpu, done.resolved.max_retries) == (1, 2)


def test_the_table_is_that_of_the_code() -> None:
    assert doc_tables.strategies_table() in PAGE.read_text()
