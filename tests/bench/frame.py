"""How long a data frame of 10,000 runs with 20 params and 20 metrics takes, from a server on SQLite to pandas and to
Polars where they are installed, and to plain rows. The floor reads the same values out of the database's file in
this process, into lists. Where MLflow is installed, its `search_runs` of as many runs stands beside it.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import msgspec

from bench.generate_runs import generate
from bench.measure import Result, Scale, alternate, say
from bench.servers import yard_up
from trainyard.client import Client
from trainyard.table.runs import RunTable, run_table

__all__ = ["measure"]

AIM = 0.5
RUNS = 10_000
EXTRA = 17
"""Params and metrics beside those that every generated run has: with them there are 20 metrics, and 22 params."""
FORMS: dict[str, Callable[[RunTable], object]] = {
    "pandas": RunTable.to_pandas,
    "polars": RunTable.to_polars,
    "rows": RunTable.rows,
}


def measure(scale: Scale, folder: Path) -> list[Result]:
    """Each form that can be had here."""
    count, file = scale.of(RUNS, least=50), folder / "runs.db"
    generate(f"sqlite:///{file}", count * 10 // 9 + 1, extra=EXTRA)
    forms = {name: form for name, form in FORMS.items() if name == "rows" or find_spec(name)}
    detail = _mlflow(count) if find_spec("mlflow") else {}
    with yard_up(folder, {"database": f"sqlite:///{file}"}) as server, Client(server.url, token=server.token) as client:
        for form in forms.values():
            form(run_table(client, limit=50))  # so that everything is imported
        return [_result(name, form, client, file, count, scale, detail) for name, form in forms.items()]


def _result(
    name: str,
    form: Callable[[RunTable], object],
    client: Client,
    file: Path,
    count: int,
    scale: Scale,
    detail: dict[str, float],
) -> Result:
    def subject() -> float:
        return _seconds(lambda: form(run_table(client, limit=count)))

    times = alternate(f"frame.{name}", scale.rounds, subject, lambda: _seconds(lambda: _floor(file, count)))
    return Result(
        f"frame.{name}", f"{count:,} runs with 20 params and metrics, to {name}", "s", *times, AIM, detail=detail
    )


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _floor(file: Path, count: int) -> tuple[list[dict[str, float]], dict[str, list[float]]]:
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        params = connection.execute(
            "SELECT params FROM run WHERE project = 'default' ORDER BY id DESC LIMIT ?", (count,)
        ).fetchall()
        metrics: dict[str, list[float]] = {}
        for name, value in connection.execute("SELECT name, last FROM metric WHERE project = 'default'"):
            metrics.setdefault(name, []).append(value)
    finally:
        connection.close()
    return [msgspec.json.decode(text) for (text,) in params], metrics


def _mlflow(count: int) -> dict[str, float]:
    """Seconds that MLflow takes for a frame of as many runs, the best of three; its store is SQLite, too."""
    import mlflow
    from mlflow.entities import Metric, Param

    with tempfile.TemporaryDirectory(prefix="yard-bench-") as folder:
        mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
        experiment, client = mlflow.create_experiment("frame"), mlflow.MlflowClient()
        for n in range(count):
            run = client.create_run(experiment).info.run_id
            metrics = [Metric(f"metric-{m}", n / (m + 1), 0, 0) for m in range(20)]
            client.log_batch(run, metrics, [Param(f"param-{p}", str(n / (p + 1))) for p in range(20)])
            if n % 1000 == 0:
                say(f"frame: {n:,} of {count:,} runs in MLflow")
        asked = {"experiment_ids": [experiment], "max_results": count}
        return {"mlflow_seconds": round(min(_seconds(lambda: mlflow.search_runs(**asked)) for _ in range(3)), 3)}
