"""The server is killed while it deletes a run, at every named point: the run is there whole or gone, and in the end
nothing of it is left."""

from __future__ import annotations

import signal
import sys

import pytest
from yard import Yard, ended, eventually, paths_below, submit

from trainyard.client.errors import ApiError, ClientError, NotFound

TRAIN = "import trainyard; trainyard.log({'loss': 1.0}, 0); print('hello')"
POINTS = [
    "delete:before_commit",
    "delete:after_commit",
    "delete:before_purge",
    "delete:after_purge",
    "purge:before_commit",
    "purge:after_commit",
]


@pytest.mark.parametrize("point", POINTS)
def test_a_crash_while_deleting_leaves_the_run_whole_or_gone(tmp_path, point):
    with Yard(tmp_path, environ={"TRAINYARD_FAULT": point}) as yard:
        run = _trained(yard)
        _delete(yard, run)
        yard.down(signal.SIGKILL)  # it has killed itself; what is left of its helpers is tidied up
        del yard.environ["TRAINYARD_FAULT"]
        yard.up()
        _check_whole_or_gone(yard, run)
        _delete(yard, run)
        with yard.client() as client, pytest.raises(NotFound):
            client.runs.get(run)
        eventually(lambda: not _files_of(yard, run), what=f"the files of {run} are gone")


def _trained(yard):
    with yard.client() as client:
        done = ended(client, submit(client, TRAIN, python=True).id)
        assert done.status == "succeeded", done
        return done.id


def _delete(yard, run):
    """The same request as often as it takes; the server may die of it."""
    try:
        with yard.client() as client:
            client.runs.delete(run, key="the-same")
    except ApiError as error:
        raise AssertionError(f"refused: {error}") from error
    except ClientError as error:
        print(f"the server is gone: {error}", file=sys.stderr)


def _check_whole_or_gone(yard, run):
    with yard.client() as client:
        try:
            found = client.runs.get(run)
        except NotFound:
            return
        assert found.metrics["loss"] == 1.0
        assert [line.text for line in client.runs.lines(run)] == ["hello"]
        assert [series.total for series in client.runs.series(run, ["loss"])] == [1]


def _files_of(yard, run):
    return [path for path in paths_below(yard.data) if run in str(path) and ".released" not in str(path)]
