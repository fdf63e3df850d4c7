"""The versions of `constraints/`: of everything that is declared, for every Python, and in the one form."""

from __future__ import annotations

import importlib
import re

import pytest

from .workspace import ROOT, distributions


@pytest.fixture(scope="module")
def tools():
    """The modules of `tools/`, by name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "tools"))
        yield {name: importlib.import_module(name) for name in ("bootstrap", "browser", "lowest", "pins")}


@pytest.fixture
def pins(tools):
    return tools["pins"]


@pytest.fixture
def written(tools, pins):
    """For each layer, what its file holds."""
    return {layer: pins.read(file.read_text()) for layer, file in tools["bootstrap"].CONSTRAINTS.items()}


def test_every_file_is_as_the_tool_writes_it(tools, pins, written):
    for layer, file in tools["bootstrap"].CONSTRAINTS.items():
        assert [*pins.lines(written[layer])] == file.read_text().splitlines(), file.name


def test_a_line_is_a_name_and_a_version_and_no_address(tools):
    files = [*tools["bootstrap"].CONSTRAINTS.values(), tools["browser"].PIN]
    for line in (line for file in files for line in file.read_text().splitlines()):
        assert re.fullmatch(r'[@\w./-]+==[\w.]+( ; python_version (<|>=) "3\.\d+"( and .+)?)?', line), line


def test_whatever_is_declared_is_held_for_every_python(tools, pins, written):
    own = {each.project["name"] for each in distributions()}
    lists = [each.project["dependencies"] for each in distributions()]
    lists += [texts for each in distributions() for texts in each.project.get("optional-dependencies", {}).values()]
    lists += [tools["bootstrap"].BUILD, [tools["bootstrap"].TORCH]]
    lists += [(ROOT / name).read_text().splitlines() for name in (tools["bootstrap"].DEV, tools["bootstrap"].DEMO)]
    names = {name for texts in lists for text in texts if text[:1].isalpha() for name, _ in pins.wanted(text)}
    for python in pins.PYTHONS:
        held = {name for layer in written.values() for name in layer[python]}
        assert names - own <= held, python


def test_a_package_is_held_by_one_layer(pins, written):
    for python in pins.PYTHONS:
        names = [name for layer in written.values() for name in layer[python]]
        assert len(names) == len(set(names))


def test_torch_is_held_at_the_version_that_is_installed_beside_ax(tools, pins, written):
    for python in pins.PYTHONS:
        assert f"torch=={written['ax'][python]['torch']}" == tools["bootstrap"].TORCH


@pytest.mark.parametrize(
    ("taken", "lines"),
    [
        (("1", "1", "1"), ["a==1"]),
        (("1", "2", "2"), ['a==1 ; python_version < "3.12"', 'a==2 ; python_version >= "3.12"']),
        (("1", None, None), ['a==1 ; python_version < "3.12"']),
        ((None, "1", None), ['a==1 ; python_version >= "3.12" and python_version < "3.13"']),
        (("1", "2", "1"), [
            'a==1 ; python_version < "3.12"',
            'a==2 ; python_version >= "3.12" and python_version < "3.13"',
            'a==1 ; python_version >= "3.13"',
        ]),
    ],
)  # fmt: skip
def test_what_differs_between_pythons_carries_a_marker(pins, taken, lines):
    versions = {python: {"a": version} if version else {} for python, version in zip(pins.PYTHONS, taken, strict=True)}
    assert [*pins.lines(versions)] == lines
    assert pins.read("\n".join(lines)) == versions


def test_the_lowest_versions_are_the_highest_of_the_lower_bounds(tools, tmp_path):
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    first.write_text('[project]\ndependencies = ["a>=1.9", "B_c[x]>=2,<3; sys_platform == \'linux\'", "d<4", "e"]')
    second.write_text(
        '[project]\ndependencies = ["a>=1.10.2", "f<9,>=8.1.post2"]\n'
        '[project.optional-dependencies]\ntest = ["d >= 3", "a>=1"]'
    )
    found = tools["lowest"].lower_bounds([first, second])
    assert found == ["a==1.10.2", "b-c==2", "d==3", "f==8.1.post2"]
