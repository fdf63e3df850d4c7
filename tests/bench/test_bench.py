"""The benchmarks' own judgement: what is counted as good, met and slow; and the smallest of them, carried out."""

from __future__ import annotations

import asyncio
import importlib
import json
import math
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
    assert "| import trainyard |" in _module("table").table(str(tmp_path))


def test_pages_of_generated_runs_are_found_on_both_databases() -> None:
    listing, measure = _module("listing"), _module("measure")
    with tempfile.TemporaryDirectory(prefix="yard-bench-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL may run as somebody else
        results = listing.measure(measure.Scale(1, 0.001), Path(folder))
    assert len({result.name for result in results}) == len(results) == 4 * len(listing._cases(100))
    assert all(result.told()["subject"] > 0 for result in results)


def test_frames_of_generated_runs_are_made_of_every_form() -> None:
    frame, measure = _module("frame"), _module("measure")
    with tempfile.TemporaryDirectory(prefix="yard-bench-") as folder:
        results = frame.measure(measure.Scale(1, 0.005), Path(folder))
    assert {result.name for result in results} == {"frame.pandas", "frame.polars", "frame.rows"}
    assert all(result.told()["subject"] > 0 for result in results)


def keep(folder: Path, date: str, benchmarks: dict[str, object]) -> None:
    """A result, as it is kept."""
    (folder / f"{date}.json").write_text(json.dumps({"machine": {"date": date}, "benchmarks": benchmarks}))


def test_each_kept_figure_is_the_newest_that_was_not_broken(tmp_path: Path) -> None:
    keep(tmp_path, "2026-11-01", {"a": {"subject": 1}, "b": {"subject": 1}})
    keep(tmp_path, "2026-11-02", {"a": {"subject": 2}, "b": {"broken": "it was"}})
    keep(tmp_path, "2026-11-03", {"c": {"broken": "it was"}})
    kept = _module("stored_results").documents(str(tmp_path))
    assert [each["benchmarks"] for each in kept] == [{"b": {"subject": 1}}, {"a": {"subject": 2}}]


def test_searches_stand_beside_each_other_best_first(tmp_path: Path) -> None:
    spread = {"lower": 0.1, "median": 0.2, "upper": 0.3, "ms": 1.0, "notes": 0}
    searchers = {"tpe": spread | {"notes": 2}, "Optuna TPE": spread | {"median": 0.15}}
    detail = {"ours": "tpe", "function": "Branin", "trials": 30, "seeds": 20, "searchers": searchers}
    keep(tmp_path, "2026-11-22", {"regret.branin.tpe": {"detail": detail}, "log.p50": {}})
    lines = _module("regret_table").table(str(tmp_path)).splitlines()
    assert lines[0].startswith("Branin, 30 trials, 20 seeds")
    assert lines[4] == "| Optuna TPE | 0.15 | 0.1 to 0.3 | 1 |"
    assert lines[5] == "| `tpe` (2 suggestions without the model) | 0.2 | 0.1 to 0.3 | 1 |"


def test_known_minima_are_what_the_functions_come_to() -> None:
    functions = _module("regret").FUNCTIONS
    for name, point in {
        "branin": (math.pi, 2.275),
        "hartmann6": (0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573),
    }.items():
        assert functions[name].value(point) == pytest.approx(functions[name].minimum, abs=1e-5)


def test_a_search_is_asked_as_core_asks_it_and_repeats_by_its_seed() -> None:
    search = _module("regret").search
    first, again, other = (search("branin", "random", seed, 12) for seed in (1, 1, 2))
    assert first.regret == again.regret != other.regret
    assert first.notes == 0


def test_the_director_is_measured_with_every_trial_counted() -> None:
    sweep = _module("sweep")
    with tempfile.TemporaryDirectory(prefix="yard-bench-") as folder:
        spent = asyncio.run(sweep._swept(Path(folder) / "sweep", 20, 4, 1))
    assert spent.each > 0
    assert set(spent.told()) == {"read", "plan", "none", "cpu"}


def test_a_slot_waits_from_the_end_of_one_program_to_the_begin_of_the_next(tmp_path: Path) -> None:
    book = tmp_path / "book"
    book.write_text("1.0 b 7\n1.0 b 8\n1.5 e 7\n1.6 b 9\n1.7 e 8\n1.9 b 10\n2.0 e 9\n2.1 e 10\n")
    assert _module("slot")._waits(book, 4) == pytest.approx([100.0, 200.0])


def test_the_commands_are_measured_with_their_floors() -> None:
    commands, measure = _module("commands"), _module("measure")
    with tempfile.TemporaryDirectory(prefix="yard-bench-") as folder:
        results = commands.measure(measure.Scale(1, 0.001), Path(folder))
    assert [result.name for result in results] == ["yard.help", "yard.ls"]
    assert all(result.told()["floor"] > 0 for result in results)
