"""What commands print at several widths of a terminal, against a platform that is always the same, at a time that is
always the same. `python sdk/tests/cli/captures.py` writes the golden files again; look at what changed."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "fakes"))

from fake_platform import TOKEN, FakePlatform  # noqa: E402 - it is found by the path above
from fake_sweeps import state, trial  # noqa: E402

from trainyard.cli import main, moment, terminal  # noqa: E402

GOLDEN = HERE / "golden"
WIDTHS = (60, 100, 200)
NOW = datetime(2026, 11, 30, 14, 0, tzinfo=UTC)
COMMANDS = {
    "help": ("--help",),
    "ls": ("ls",),
    "ls-wide": ("ls", "-o", "wide", "-n", "3"),
    "ls-group": ("ls", "--group-by", "lr,optimizer", "--agg", "mean,std"),
    "ls-columns": ("ls", "-n", "3", "--columns", "run,age,params.lr,metrics.accuracy"),
    "ls-nothing": ("ls", "--status", "skipped"),
    "get": ("get", "0000002a"),
    "compare": ("compare", "-q", "status:succeeded", "--metric", "accuracy"),
    "sweep": ("sweep", "000000ff", "--no-watch"),
    "metrics-plot": ("metrics", "0000002a", "--plot"),
    "metrics-chart": ("metrics", "0000002a", "loss", "--plot"),
    "watch": ("watch", "--last", "3"),
    "watch-run": ("watch", "0000002a"),
    "top": ("top",),
}


def capture(command: str, width: int) -> str:
    """What a command prints on a terminal so wide: first to standard output, then to standard error."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with _surroundings(width), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(COMMANDS[command])
    shown, told = (stream.buffer.getvalue().decode().splitlines() for stream in (out, err))
    shown, told = [line.rstrip() for line in shown], [f"! {line}" for line in told]
    return "\n".join([*shown, *told, f"exit code {int(code)}", ""])


@contextlib.contextmanager
def _surroundings(width: int) -> Iterator[None]:
    platform = _filled(FakePlatform()).start()
    with contextlib.ExitStack() as stack:
        stack.callback(platform.stop)
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        environ = {
            "TRAINYARD_URL": platform.url, "TRAINYARD_TOKEN": TOKEN, "TRAINYARD_DATA": folder, "COLUMNS": str(width),
            "LINES": "40", "TZ": "CET-1",
        }  # fmt: skip
        stack.enter_context(mock.patch.dict(os.environ, environ))
        os.environ.pop("TRAINYARD_PROJECT", None)
        stack.callback(time.tzset)
        time.tzset()
        stack.enter_context(mock.patch.object(terminal, "is_attached", lambda: True))
        stack.enter_context(mock.patch.object(moment, "now", lambda: NOW))
        stack.enter_context(mock.patch.object(time, "sleep", _interrupt))
        yield
    time.tzset()


def _interrupt(seconds: float) -> None:
    """A person who has seen the first picture presses Ctrl-C."""
    raise KeyboardInterrupt


def _ago(**since: float) -> str:
    return (NOW - timedelta(**since)).isoformat().replace("+00:00", "Z")


def _id(number: int) -> str:
    return f"01890000-0000-7000-8000-{number:012x}"


def _filled(platform: FakePlatform) -> FakePlatform:
    """31 runs: 24 trainings that have ended, one that failed, queued ones, and some that go on."""
    for number in range(1, 25):
        lr, optimizer = (0.1, 0.01, 1e-4)[number % 3], ("adam", "sgd")[number % 2]
        accuracy = 0.9 + lr / 4 - number / 400
        platform.add_run(
            _id(number), name="digits", queue="default", user="user:anna", attempt=1,
            created_at=_ago(hours=60 - number), started_at=_ago(hours=60 - number),
            finished_at=_ago(hours=60 - number, minutes=-number * 3.3),
            params={"lr": lr, "optimizer": optimizer, "seed": number % 3, "epochs": 20},
            metrics={"accuracy": accuracy, "loss": 1 - accuracy, "val_accuracy": accuracy - 0.01, "lr": lr},
            tags=["baseline"] if number % 2 else [],
        )  # fmt: skip
    platform.add_run(
        _id(25), name="a-name-that-is-much-longer-than-any-column-is-wide", status="failed", queue="gpu",
        reason="exit_code", message="exit code 1", exit_code=1, attempt=3, created_at=_ago(minutes=90),
        started_at=_ago(minutes=80), finished_at=_ago(minutes=79.5), user="user:anna",
        params={"lr": 10.0, "optimizer": "sgd", "seed": 0, "epochs": 20},
        metrics={"accuracy": "NaN", "loss": "Infinity"},
        last_lines=["ValueError: loss is not finite"],
    )  # fmt: skip
    for number, status in ((40, "running"), (41, "running"), (42, "running"), (43, "queued"), (44, "queued")):
        _unfinished(platform, number, status)
    platform.add_run(
        _id(255),
        name="search",
        kind="sweep",
        status="running",
        created_at=_ago(minutes=12),
        started_at=_ago(minutes=12),
    )
    trials = [trial(n, value=0.9 - (n - 5) ** 2 / 100, params={"lr": 0.1 * n, "depth": n}) for n in range(1, 8)]
    going = trial(8, "running", status="running", params={"lr": 0.8, "depth": 8})
    failed = trial(9, "failed", reason="exit_code", message="exit code 1", params={"lr": 0.9, "depth": 9})
    platform.sweeps[_id(255)] = [state(_id(255), *trials, going, failed, max_trials=20)]
    return platform


def _unfinished(platform: FakePlatform, number: int, status: str) -> None:
    is_running = status == "running"
    system = {
        "system/process/cpu": 97.0 + number, "system/process/memory": 3.2e9, "system/gpu/0/utilization": 88.0,
        "system/gpu/1/utilization": 92.0,
    }  # fmt: skip
    meta = {
        "code": {"commit": "0123456789abcdef0123456789abcdef01234567", "branch": "main", "dirty": True,
                 "untracked_count": 2},
        "origin": {"command": ["python", "train.py", "--lr", "0.003"], "folder": "/home/anna/vision",
                   "host": "gpu-1", "cpus": 64, "gpus": ["NVIDIA L40S", "NVIDIA L40S"]},
        "python": {"version": "3.12.4", "packages": {f"package-{n}": "1.0" for n in range(81)}},
        "not_recorded": {"fig": {"what": "Figure", "why": "log() takes numbers", "count": 12}},
    }  # fmt: skip
    platform.add_run(
        _id(number), name="resnet", status=status, queue="gpu", user="user:anna", attempt=1 if is_running else 0,
        created_at=_ago(minutes=50 - number), started_at=_ago(minutes=49.2 - number) if is_running else None,
        progress=(number - 38) / 5 if is_running else None, meta=meta if is_running else {},
        attempts=[{"number": 1, "agent": "gpu-1"}] if is_running else [],
        params={"lr": 0.003, "optimizer": "adamw", "seed": number, "epochs": 90},
        metrics={"accuracy": 0.71, "loss": 1.04, "epoch": 31, **system} if is_running else {},
    )  # fmt: skip
    platform.metrics[_id(number)] = [_metric("accuracy", 0.71, 0.1, 0.72), _metric("loss", 1.04, 1.04, 100.0)]
    platform.series[_id(number)] = [
        {"name": "accuracy", "total": 500, "points": _points(lambda step: 0.1 + 0.61 * step / 499)},
        {"name": "loss", "total": 500, "points": _points(lambda step: 100.0 if step == 250 else 3 - step / 255)},
    ]


def _metric(name: str, last: float, low: float, high: float) -> dict[str, object]:
    return {"name": name, "last": last, "step": 499, "min": low, "max": high, "count": 500}


def _points(value: object) -> list[list[float]]:
    assert callable(value)
    return [[step, step, step, value(step), value(step), value(step)] for step in range(500)]


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for command in COMMANDS:
        for width in WIDTHS:
            (GOLDEN / f"{command}-{width}.txt").write_text(capture(command, width), encoding="utf-8")
