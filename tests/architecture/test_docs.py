"""The documentation: its tables leave nothing out, its links lead somewhere, its commands exist."""

from __future__ import annotations

import re
import shlex

import msgspec
import pytest

from trainyard.cli.app import COMMANDS
from trainyard_core import doc_tables, hookspecs
from trainyard_core.lifecycle import Status
from trainyard_core.settings import Settings

from .workspace import ROOT

PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "deploy").rglob("*.md")),
]
PAGES += [*sorted(ROOT.glob("*/README.md")), *sorted(ROOT.glob("plugins/*/README.md"))]
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
COMMAND = re.compile(r"^(?:    |\$ )(yard .*)$", re.MULTILINE)


def test_every_setting_has_a_meaning():
    assert set(doc_tables.SETTINGS) == {field.name for field in msgspec.structs.fields(Settings)} - {"sections"}


def test_every_status_has_a_meaning():
    assert set(doc_tables.STATUSES) == set(Status)


def test_every_hook_is_in_the_table():
    hooks = {name for name, hook in vars(hookspecs).items() if hasattr(hook, "trainyard_spec")}
    assert set(re.findall(r"^\| `(\w+)`", doc_tables.hooks_table(), re.MULTILINE)) == hooks


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", page.read_text("utf-8"))
    targets = [(page.parent / path if path else page, anchor) for path, anchor in links if "://" not in path]
    missing = [(target, anchor) for target, anchor in targets if not leads_somewhere(target, anchor)]
    assert missing == []


def leads_somewhere(target, anchor):
    return target.exists() and (not anchor or anchor in anchors(target))


def anchors(page):
    """The anchors of a page's headings, as GitHub makes them."""
    headings = HEADING.findall(page.read_text("utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_is_in_the_index():
    index = (ROOT / "docs" / "index.md").read_text("utf-8")
    assert [page.name for page in (ROOT / "docs").glob("*.md") if f"({page.name})" not in index] == ["index.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_exist(page):
    words = [shlex.split(command, comments=True)[1] for command in COMMAND.findall(page.read_text("utf-8"))]
    assert {word for word in words if not word.startswith("-")} <= {*COMMANDS, "up"}
