"""What `yard plugins new` writes: one name everywhere, valid Python, nothing left of the template."""

from __future__ import annotations

import ast
import tomllib
from importlib.util import find_spec

import pytest

from trainyard_core import hookspecs, plugin_commands, scaffold
from trainyard_core.errors import Conflict, Invalid


@pytest.mark.parametrize("kind", scaffold.KINDS)
def test_a_package_has_one_name_everywhere_and_nothing_of_the_template_is_left(tmp_path, kind):
    folder = scaffold.write(kind, "big_slurm", tmp_path / "mine")
    assert folder == tmp_path / "mine" / f"{kind}_big_slurm"
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert project["name"] == f"trainyard-{kind}-big-slurm"
    assert project["entry-points"]["trainyard"] == {
        f"{kind}_big_slurm": f"trainyard_{kind}_big_slurm.plugin",
    }
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"README.md", "plugin.py", f"{kind}.py", "py.typed", "__init__.py"}
    assert folder / "tests" / f"test_{kind}_big_slurm.py" in files
    for path in files:
        assert not any(word in str(path) + path.read_text() for word in ("{{", "MODULE", "PLUGIN", ".template"))
        if path.suffix == ".py":
            ast.parse(path.read_text())
    assert (
        f"class BigSlurm{kind.capitalize()}("
        in (folder / "src" / project["name"].replace("-", "_") / f"{kind}.py").read_text()
    )


@pytest.mark.parametrize("name", ["", "Slurm", "my-one", "1st", "a__b", "../x", "a/b", "x" * 41, "é"])
def test_a_name_that_could_not_be_a_module_is_refused_and_nothing_is_written(tmp_path, name):
    with pytest.raises(Invalid, match="name of a plugin"):
        scaffold.write("scheduler", name, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", sorted(scaffold.PROVISIONAL))
def test_a_kind_whose_contract_is_provisional_says_so(tmp_path, kind):
    with pytest.raises(Invalid, match=r"provisional.*scheduler, tracker"):
        scaffold.write(kind, "x", tmp_path)


@pytest.mark.parametrize("kind", scaffold.BY_HAND)
def test_a_kind_without_a_template_says_what_there_is(tmp_path, kind):
    with pytest.raises(Invalid) as refused:
        scaffold.write(kind, "x", tmp_path)
    hook, module, suite = (
        f"register_{kind}s",
        f"trainyard_core.contracts.{kind}",
        f"trainyard_core.testing.{kind}_suite",
    )
    assert all(name in refused.value.fix for name in (hook, module, suite))
    assert callable(getattr(hookspecs, hook))
    assert find_spec(module)
    assert find_spec(suite)


def test_an_unknown_kind_names_those_that_there_are(tmp_path):
    with pytest.raises(Invalid, match=r"no kind of plugin 'trackr'.*did you mean tracker"):
        scaffold.write("trackr", "x", tmp_path)


def test_a_folder_that_is_there_is_left_alone(tmp_path):
    (tmp_path / "tracker_x").mkdir()
    with pytest.raises(Conflict, match="there already"):
        scaffold.write("tracker", "x", tmp_path)
    assert list((tmp_path / "tracker_x").iterdir()) == []


def test_a_name_that_an_installed_plugin_has_is_refused(tmp_path, capsys):
    assert plugin_commands.new("tracker", "folder", tmp_path) == 1
    assert "'tracker_folder' is installed already, by trainyard-tracker-folder" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_command_says_what_to_do_next(tmp_path, capsys):
    assert plugin_commands.new("tracker", "shelf", tmp_path) == 0
    said = capsys.readouterr().out
    for step in (
        "tracker_shelf[test]'",
        "pytest",
        "yard plugins check tracker_shelf",
        "TRAINYARD_TRACKER=shelf yard up",
    ):
        assert step in said
