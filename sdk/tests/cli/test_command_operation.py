"""A command as an operation: which of its options are params, and that the program gets what was typed."""

from __future__ import annotations

import json

import pytest

from trainyard.cli.command_operation import name_of, operation_of
from trainyard.compile.context import example_globals
from trainyard.compile.operation import compile_whole
from trainyard.compile.reference import Library
from trainyard.spec.document import Document


def compiled(*command, **params):
    document = Document.from_mapping(operation_of(["python", "train.py", *command]))
    return compile_whole(document, Library(), globals=example_globals(), params=params).resolved


CASES = [
    (["--lr", "0.1"], {"lr": 0.1}),
    (["--lr=0.1", "--n=3"], {"lr": 0.1, "n": 3}),
    (["--learning-rate", "-0.5"], {"learning_rate": -0.5}),
    (["--amp", "--lr", "0.1", "--verbose"], {"lr": 0.1}),
    (["--version", "3.10", "--zip", "01234", "--big", "123456789012345678901"],
     {"version": "3.10", "zip": "01234", "big": "123456789012345678901"}),
    (["--layer", "1", "--layer", "2", "--lr", "1.0"], {"lr": 1.0}),
    (["--lr", "0.1", "--lr=0.2"], {}),
    (["--note", "{{ lr }}", "--other", "{% x %}{# y #}", "{{{"], {}),
    (["--empty="], {"empty": ""}),
    (["--params", "x", "--globals=y", "--3d", "z"], {}),
    (["--nan", "nan", "--inf", "inf", "--huge", "1e999"], {"nan": "nan", "inf": "inf", "huge": "1e999"}),
    (["-x", "1", "--", "--lr"], {}),
    ([], {}),
]  # fmt: skip


@pytest.mark.parametrize(("words", "params"), CASES, ids=lambda value: " ".join(map(str, value)))
def test_options_with_a_value_are_params_and_the_words_stay(words, params):
    resolved = compiled(*words)
    assert resolved.inputs == params
    assert [*resolved.command, *resolved.args] == ["python", "train.py", *words]


def test_a_number_with_an_exponent_may_be_written_out():
    assert compiled("--lr", "1e-4").inputs == {"lr": 1e-4}
    assert float(compiled("--lr", "1e-4").args[-1]) == 1e-4


def test_a_param_can_be_changed():
    assert compiled("--lr=0.1", lr="0.25").args[-1] == "--lr=0.25"


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["python", "src/train.py", "--config", "x.py"], "train"),
        (["python", "-m", "pkg.train", "--lr", "1"], "train"),
        (["bash", "run.sh"], "run"), (["/usr/bin/env"], "env"), (["torchrun", "--nproc_per_node=2", "a.py"], "a"),
        (["python", "-m"], "python"),
    ],
)  # fmt: skip
def test_a_run_is_named_after_its_script(command, name):
    assert name_of(command) == name


def test_a_command_is_sent_with_the_folder_it_was_called_in(yard, platform, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = yard("run", "--queue", "q", "--", "python", "train.py", "--lr", "0.1", "--queue", "mine")
    assert done.code == 0, done.err
    (seen,) = platform.asked("POST", "/runs")
    body = json.loads(seen.body)
    assert (body["code"], body["queue"]) == ({"kind": "folder", "path": str(tmp_path)}, "q")
    assert [each["name"] for each in body["operation"]["component"]["inputs"]] == ["lr", "queue"]
