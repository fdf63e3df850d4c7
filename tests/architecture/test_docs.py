"""The documentation: its tables leave nothing out, its links lead somewhere, its commands exist."""

from __future__ import annotations

import re
import shlex

import msgspec
import pytest

from trainyard.cli.app import COMMANDS
from trainyard_core import doc_tables
from trainyard_core.lifecycle import Status
from trainyard_core.settings import Settings

from .workspace import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "deploy").rglob("*.md"))]
PAGES += [*sorted(ROOT.glob("*/README.md")), *sorted(ROOT.glob("plugins/*/README.md"))]
COMMAND = re.compile(r"^(?:    |\$ )(yard .*)$", re.MULTILINE)


def test_every_setting_has_a_meaning():
    assert set(doc_tables.SETTINGS) == {field.name for field in msgspec.structs.fields(Settings)} - {"sections"}


def test_every_status_has_a_meaning():
    assert set(doc_tables.STATUSES) == set(Status)


def test_every_hook_is_in_the_table():
    assert "`register_schedulers`" in doc_tables.hooks_table()
    assert "`register_trackers`" in doc_tables.hooks_table()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    missing = [target for target in targets if "://" not in target and not (page.parent / target).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_exist(page):
    words = [shlex.split(command, comments=True)[1] for command in COMMAND.findall(page.read_text("utf-8"))]
    assert {word for word in words if not word.startswith("-")} <= {*COMMANDS, "up"}
