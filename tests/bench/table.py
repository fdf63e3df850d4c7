"""The tables of `docs/performance.md`, made of the documents that `run.py` printed."""

from __future__ import annotations

from typing import Any

from bench.stored_results import documents

__all__ = ["number", "table"]


HEAD = ["| measured | ours | floor | ours / floor | aim | met |", "|---|--:|--:|--:|--:|---|"]


def table(folder: str) -> str:
    """Markdown: for each document where and when, then a row for each figure."""
    return "\n".join(_told(document) for document in documents(folder))


def _told(document: dict[str, Any]) -> str:
    rows = [_row(figure) for figure in document["benchmarks"].values()]
    return "\n".join([_where(document["machine"]), "", *HEAD, *rows]) + "\n"


def _where(machine: dict[str, Any]) -> str:
    text = (
        f"Measured on {machine['date']} at commit `{machine['commit']}`: {machine['cores']} cores ({machine['cpu']}),"
        f" {machine['memory']}, Linux {machine['kernel']}, Python {machine['python']}, SQLite {machine['sqlite']}."
    )
    if machine["load"] <= machine["cores"] / 2:
        return text
    return f"{text} **The machine was busy with other work** (load {machine['load']}), so the absolute figures are low."


def _row(figure: dict[str, Any]) -> str:
    unit, sign = figure["unit"], "≥" if figure["better"] == "more" else "≤"
    aim = "" if figure["aim"] is None else f"{sign} {number(figure['aim'])} {unit}"
    met = {None: "", True: "yes", False: "**no**"}[figure["met"]]
    ratio = "" if figure["ratio"] is None else f"{figure['ratio']:.2g}"
    cells = (
        figure["what"] + _peer(figure.get("detail", {})),
        f"{number(figure['subject'])} {unit}",
        f"{number(figure['floor'])} {unit}",
        ratio,
        aim,
        met,
    )
    return f"| {' | '.join(cells)} |"


def _peer(detail: dict[str, Any]) -> str:
    """How long MLflow took for the same in the same run, where it was there."""
    return f" (MLflow: {number(detail['mlflow_seconds'])} s)" if "mlflow_seconds" in detail else ""


def number(value: float) -> str:
    """Three digits, or the whole number with commas."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
