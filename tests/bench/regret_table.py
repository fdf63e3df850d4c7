"""The searches beside each other, as markdown, made of the document that `run.py` printed:
`python tests/bench/regret_table.py docs/performance.json`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["table"]

HEAD = ("search", "median regret", "quartiles", "ms to think of a trial")
COMMAND = "tests/bench/run.py --only regret"


def table(path: str) -> str:
    """A table for each function, best first; empty when regret was not measured."""
    benchmarks: dict[str, Any] = json.loads(Path(path).read_text())["benchmarks"]
    details = [each["detail"] for name, each in benchmarks.items() if name.startswith("regret.") and "detail" in each]
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
        yield f"| {title}{late} | {spread['median']:.3g} | {quartiles} | {spread['ms']:.3g} |"
    yield ""


if __name__ == "__main__":
    print(table(sys.argv[1]))
