"""Names: core's list of reasons is what is written, and no word that has gone comes back."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from trainyard_core.lifecycle import Reason

from .workspace import ROOT, Distribution, distributions

PLUGINS = sorted(path.name for path in (ROOT / "plugins").iterdir() if (path / "pyproject.toml").exists())

METAPHORS = """
acting asked asking away axis bell caution chart conclude continuing cut deck deciding desk doorbell errand errands
farewell fault faults front given here hub inheritance judging kept known lane lanes leasing listening looks losing lost
making means meters news nouns observed opening option pacing patrol piece planning poke presence present proposing
reading rendered rights seen skew smoke split starter stored tars telling there told turn untar warm watching way window
wish
"""
"""Words that named modules once and said nothing to a newcomer."""
NOUNS_IN_ING = """
encoding ending listing mapping ring shipping stopping tracing tracking
"""
"""Each is a noun in a dictionary."""
APPLIED = {"m0011_hearing", "m0013_reading", "m0014_endings"}
"""Migrations of before the baseline: databases have applied them by these names."""

GONE = "wish|wishes|doorbell|patrol|patrols|patrolled|errand|errands|farewell|chore|chores|poke|pokes|poked"
"""Words without another honest use here."""
WITH_OLD_WORDS = ("changes/", "CHANGELOG.md", "tests/architecture/test_names.py", "tests/upgrades/")
"""What tells of the past may use its words."""


def test_every_reason_that_is_listed_is_written_and_every_one_that_is_written_is_listed():
    written = {reason for source in production_sources() for reason in reasons_written(ast.parse(source.read_text()))}
    assert written - set(Reason) == set(), "list it in trainyard_core.lifecycle.Reason"
    assert set(Reason) - written == set(), "nothing writes it: take it out, or bring what writes it"


def test_a_reason_is_found_wherever_it_is_written():
    source = "End(reason='a' if x else 'b'); Step(to, Reason.USER, said); row['reason'] == Reason.LOST; f(other='c')"
    assert set(reasons_written(ast.parse(source))) == {"a", "b", "user"}


def test_modules_are_named_by_nouns_of_the_field():
    found = {
        distribution.module(source)
        for distribution in distributions()
        for source in distribution.sources()
        if source.stem not in APPLIED and is_no_noun(source.stem)
    }
    assert found == set()


def test_words_that_have_gone_do_not_come_back():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    paths = [ROOT / name for name in listed if not name.startswith(WITH_OLD_WORDS)]
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in paths
        if path.is_file()
        for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1)
        if re.search(rf"\b({GONE})\b", line, re.IGNORECASE)
    ]
    assert found == []


def is_no_noun(stem: str) -> bool:
    return stem in METAPHORS.split() or any(
        word.endswith("ing") and word not in NOUNS_IN_ING.split() for word in stem.split("_")
    )


def production_sources() -> Iterator[Path]:
    """What writes reasons: core, schedulers and the runner; not what is shipped for tests."""
    for folder in ("sdk", "core", *(f"plugins/{name}" for name in PLUGINS if name.startswith("scheduler_"))):
        package = Distribution(ROOT / folder).package
        yield from (path for path in sorted(package.rglob("*.py")) if package / "testing" not in path.parents)


def reasons_written(tree: ast.AST) -> Iterator[str]:
    """What is given as `reason=`, and each `Reason` that is not only compared with."""
    compared = {child for node in ast.walk(tree) if isinstance(node, ast.Compare) for child in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "reason":
            yield from texts_of(node.value)
        elif isinstance(node, ast.Attribute) and node not in compared and ast.unparse(node.value) == "Reason":
            yield Reason[node.attr]


def texts_of(value: ast.expr) -> Iterator[str]:
    """The texts that an expression may be."""
    match value:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=body, orelse=other):
            yield from texts_of(body)
            yield from texts_of(other)
        case ast.BoolOp(values=values):
            for each in values:
                yield from texts_of(each)
