"""The searches beside each other, as markdown, made of the documents that `run.py` printed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bench.stored_results import documents
from bench.table import number

__all__ = ["table"]

HEAD = ("search", "median regret", "quartiles", "ms to think of a trial")
COMMAND = "tests/bench/run.py --only regret"


def table(folder: str) -> str:
    """A table for each function, best first; empty when regret was not measured."""
    figures = [item for document in documents(folder) for item in document["benchmarks"].items()]
    details: list[dict[str, Any]] = [each["detail"] for name, each in figures if name.startswith("regret.")]
    titles = dict.fromkeys(detail["function"] for detail in details)
    return "\n".join(
        line for title in titles for line in _lines([each for each in details if each["function"] == title])
    )


def _lines(details: list[dict[str, Any]]) -> Iterator[str]:
    """One function's."""
    first = details[0]
    yield f"{first['function']}, {first['trials']} trials, {first['seeds']} seeds (`{COMMAND}`; ours are in code):"
    yield ""
    yield f"| {' | '.join(HEAD)} |"
    yield "|---|--:|--:|--:|"
    ours = {detail["ours"] for detail in details}
    spreads = [item for detail in details for item in detail["searchers"].items()]
    for name, spread in sorted(spreads, key=lambda item: item[1]["median"]):
        title = f"`{name}`" if name in ours else name
        late = f" ({spread['notes']} suggestions without the model)" if spread["notes"] else ""
        quartiles = f"{spread['lower']:.3g} to {spread['upper']:.3g}"
        yield f"| {title}{late} | {spread['median']:.3g} | {quartiles} | {number(spread['ms'])} |"
    yield ""
