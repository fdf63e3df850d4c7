"""The synchronous client is what the generator gives, and a change on one side alone is found."""

from __future__ import annotations

import importlib
import shutil

import pytest

from .workspace import ROOT


@pytest.fixture
def generator(tmp_path, monkeypatch):
    """`tools/sync_client.py` with a copy of the client to work on."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    module = importlib.import_module("sync_client")
    for package in ("_async", "_sync"):
        shutil.copytree(module.CLIENT / package, tmp_path / package)
    monkeypatch.setattr(module, "CLIENT", tmp_path)
    return module


def test_the_generated_files_are_up_to_date(generator, capsys):
    assert (generator.main(["--check"]), capsys.readouterr().out) == (0, "")


def test_a_change_by_hand_and_a_forgotten_file_are_found_and_mended(generator, capsys):
    run, forgotten = generator.CLIENT / "_sync/run.py", generator.CLIENT / "_sync/forgotten.py"
    text = run.read_text()
    run.write_text(text.replace("def create(", "def make("))
    forgotten.write_text("")
    assert generator.main(["--check"]) == 1
    told = capsys.readouterr().out
    assert [line.split(" ")[0] for line in told.splitlines()] == ["_sync/forgotten.py", "_sync/run.py"]
    assert generator.main([]) == 0
    assert (run.read_text(), forgotten.exists(), generator.main(["--check"])) == (text, False, 0)


def test_a_change_of_the_asynchronous_client_reaches_the_other(generator):
    source = generator.CLIENT / "_async/run.py"
    call = (
        '\n    async def first(self) -> Run:\n        """The first run."""\n        return await anext(self.list())\n'
    )
    source.write_text(source.read_text() + call)
    assert generator.main(["--check"]) == 1
    assert generator.main([]) == 0
    assert "    def first(self) -> Run:" in (generator.CLIENT / "_sync/run.py").read_text()
    assert "return next(self.list())" in (generator.CLIENT / "_sync/run.py").read_text()
