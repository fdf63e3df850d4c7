"""The option `-o` of lists, and the forms in which rows of runs are printed: a table, CSV, TSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any

import click

from trainyard.cli import output, terminal
from trainyard.cli.options import json_flag
from trainyard.cli.table import fit

__all__ = ["JSON", "delimited", "format_option", "rows", "tell_left_out"]

JSON = "json"
FORMATS = ("wide", "csv", "json", "tsv")


def format_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command `-o FORMAT`, and `--json` for `-o json`; as `form`, which is empty for a table that fits."""

    @click.option(
        "-o",
        "--output",
        "form",
        type=click.Choice(FORMATS),
        help="wide: a table with every column, however wide; csv, tsv: the same for programs; json.",
    )
    @json_flag
    @wraps(command)
    def formed(*args: Any, form: str | None, as_json: bool, **rest: Any) -> Any:
        if as_json and form not in (None, JSON):
            raise click.UsageError(f"--json and -o {form} exclude each other")
        return command(*args, form=JSON if as_json else form or "", **rest)

    return formed


def rows(headings: Sequence[str], lines: Sequence[Sequence[str]], *, is_wide: bool, kept: int = 1) -> list[str]:
    """Print a table that fits the terminal. Returns the headings of the columns that are left out."""
    found = fit(headings, lines, None if is_wide else terminal.columns(), kept=kept)
    for each in found.lines:
        output.line(each)
    return found.left_out


def tell_left_out(names: Sequence[str]) -> None:
    """Say what a table does not show, if there is something."""
    if names:
        output.line(f"left out: {', '.join(map(output.clean, names))}; -o wide shows all", err=True)


def delimited(headings: Sequence[str], lines: Iterable[Sequence[Any]], form: str) -> None:
    """Print rows of values as CSV or TSV, with a line of names before them."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t" if form == "tsv" else ",", lineterminator="\n")
    writer.writerow([output.clean(each) for each in headings])
    writer.writerows([[_plain(value) for value in line] for line in lines])
    output.line(text.getvalue().rstrip("\n"))


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return output.clean(repr(value) if isinstance(value, float) else output.value(value))
