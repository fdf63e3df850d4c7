"""The benchmarks' own judgement: what is counted as good, met and slow; and the smallest of them, carried out."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).parent


def _module(name: str) -> ModuleType:
    """Tests are imported by file, so the package beside them is put where it is found."""
    if str(HERE.parent) not in sys.path:
        sys.path.insert(0, str(HERE.parent))
    return importlib.import_module(f"bench.{name}")


@pytest.mark.parametrize(
    ("values", "aim", "more", "met"),
    [
        ([1.0, 2.0, 9.0], 2.0, False, True),
        ([1.0, 2.1, 9.0], 2.0, False, False),
        ([1.0, 2.0, 9.0], 2.0, True, True),
        ([1.0, 1.9, 9.0], 2.0, True, False),
        ([1.0], None, True, None),
        ([], 2.0, False, None),
    ],
)
def test_an_aim_is_met_by_the_median(values: list[float], aim: float | None, more: bool, met: bool | None) -> None:
    told = _module("measure").Result("x", "what", "s", values, [1.0], aim, more).told()
    assert told["met"] is met
    assert told["runs"]["subject"] == values


def test_a_floor_of_nothing_has_no_ratio() -> None:
    told = _module("measure").Result("x", "errors", "errors", [0.0], [0.0], 0.0).told()
    assert told["ratio"] is None
    assert told["met"] is True


def test_only_good_answers_count_and_a_broken_connection_is_an_error() -> None:
    report = _module("load").Report(seconds=2.0, latencies=[0.1] * 4, statuses={201: 3, 500: 1}, broken=1)
    assert (report.good, report.errors, report.rate) == (3, 2, 1.5)


def test_the_generator_sends_each_request_once_and_each_key_once() -> None:
    servers, load, operations = _module("servers"), _module("load"), _module("operations")
    with servers.bare() as server:
        host, port = server.address
        once = operations.creation(server, operations.job("/bin/true"))
        assert load.MARK in once
        report = load.generate(load.Plan(host=host, port=port, lanes=[[once] * 5, [once] * 3]))
    assert report.statuses == {201: 8}
    assert len(report.latencies) == 8
    assert report.broken == 0


def test_a_server_in_the_trap_is_seen_to_be(tmp_path: Path) -> None:
    nodelay, servers = _module("nodelay"), _module("servers")
    command = [sys.executable, str(HERE / "echo.py"), "trap"]
    with servers.program(command, tmp_path / "echo.log") as (_, line, _seconds):
        times = nodelay._times(("127.0.0.1", int(line.rsplit(":", 1)[1])), 40)
    assert sorted(times)[20] > 20


def test_the_program_prints_one_document_and_nothing_else(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(HERE / "run.py"), "--quick", "--only", "start"], capture_output=True, check=True
    )
    document = json.loads(done.stdout)
    assert document["quick"] is True
    assert set(document["benchmarks"]) == {"import", "import.log"}
    assert document["benchmarks"]["import"]["floor"] > 0
    (tmp_path / "result.json").write_bytes(done.stdout)
    assert "| import trainyard |" in _module("table").table(str(tmp_path / "result.json"))


def test_pages_of_generated_runs_are_found_on_both_databases() -> None:
    listing, measure = _module("listing"), _module("measure")
    with tempfile.TemporaryDirectory(prefix="yard-bench-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL may run as somebody else
        results = listing.measure(measure.Scale(1, 0.001), Path(folder))
    assert len({result.name for result in results}) == len(results) == 4 * len(listing._cases(100))
    assert all(result.told()["subject"] > 0 for result in results)
