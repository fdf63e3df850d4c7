"""What a shell is offered for the names of things."""

from __future__ import annotations

import pytest

from trainyard.cli.app import yard as root

RUN = "01890000-0000-7000-8000-00000000abcd"


@pytest.fixture
def offered(platform, monkeypatch):
    """What completes a command line whose last word is not finished."""
    from click.shell_completion import ShellComplete

    platform.add_run(RUN, tags=["baseline", "nlp"], params={"lr": 0.1}, metrics={"loss": 0.5, "accuracy": 0.9})
    platform.metrics[RUN] = [{"name": "loss", "last": 0.5, "step": 2, "min": 0.5, "max": 0.5, "count": 1}]
    platform.artifacts[RUN, "model.pt"] = (b"abc", "sha256:x")
    platform.queues["gpu"] = {"name": "gpu"}

    def call(*words):
        complete = ShellComplete(root, {}, "yard", "_YARD_COMPLETE")
        return [item.value for item in complete.get_completions([*words[:-1]], words[-1])]

    return call


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("ls", "--status", "sto"), ["stopping", "stopped"]),
        (("ls", "--tag", "base"), ["baseline"]),
        (("ls", "--queue", "g"), ["gpu"]),
        (("ls", "--columns", "run,params."), ["run,params.lr"]),
        (("ls", "--columns", "metrics.l"), ["metrics.loss"]),
        (("compare", "--metric", "a"), ["accuracy"]),
        (("metrics", RUN, ""), ["loss"]),
        (("artifacts", "get", RUN, "mod"), ["model.pt"]),
        (("run", "--queue", ""), ["gpu"]),
        (("get", "0000"), ["0000abcd"]),
    ],
)
def test_names_are_completed(offered, words, expected):
    assert offered(*words) == expected


def test_a_server_that_is_not_there_completes_nothing(offered, monkeypatch):
    monkeypatch.setenv("TRAINYARD_URL", "http://127.0.0.1:9")
    assert offered("ls", "--tag", "") == []
