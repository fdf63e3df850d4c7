"""What commands print on terminals of three widths is what is in the golden files, and no line of a table wraps."""

from __future__ import annotations

import pytest
from captures import COMMANDS, GOLDEN, WIDTHS, capture

TABLES = ("ls", "ls-group", "ls-columns", "compare", "watch", "watch-run", "top", "metrics-plot", "metrics-chart")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_prints_its_golden_file(command, width):
    golden = (GOLDEN / f"{command}-{width}.txt").read_text(encoding="utf-8")
    assert capture(command, width) == golden, "look at it; `python sdk/tests/cli/captures.py` writes it again"


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("command", TABLES)
def test_no_line_of_a_golden_table_is_wider_than_its_terminal(command, width):
    lines = (GOLDEN / f"{command}-{width}.txt").read_text(encoding="utf-8").splitlines()
    wide = [line for line in lines if len(line) > width and not line.startswith(("! ", "best "))]
    assert wide == []
