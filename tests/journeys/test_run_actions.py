"""What people do to runs, through a real server: resumed training, deletion to the last file, held and skipped runs."""

from __future__ import annotations

import json

from yard import ended, eventually, paths_below, reached, submit

from trainyard.client.models import BulkAction, CloneRun

TRAIN = """
import os, sys, pathlib, trainyard
run = trainyard.init()
outputs = pathlib.Path(os.environ["TRAINYARD_OUTPUTS"])
if run.resumed_from:
    from trainyard import Client
    with Client() as client:
        start = int(client.runs.read(run.id, "outputs/checkpoint"))
else:
    start = 0
for step in range(start, start + 5):
    run.log({"loss": float(100 - step)}, step)
run.log_outputs(best=start)
(outputs / "checkpoint").write_text(str(start + 5))
print("from", start, flush=True)
sys.exit(1 if not run.resumed_from else 0)
"""


def test_training_that_failed_goes_on_from_its_checkpoint_in_one_chart(client, yard):
    first = ended(client, submit(client, TRAIN, python=True).id)
    assert (first.status, first.exit_code) == ("failed", 1), first
    names = eventually(lambda: [each.name for each in client.runs.artifacts(first.id)], what="the checkpoint is here")
    assert names == ["outputs/checkpoint"]
    made = yard.command("resume", first.id).split()
    second = ended(client, made[0])
    assert second.status == "succeeded", (second, client.runs.logs(second.id))
    third = ended(client, client.runs.resume(second.id, CloneRun(step=7)).id)
    assert [line.text for line in client.runs.lines(third.id)] == ["from 10"]
    (series,) = client.runs.series(third.id, ["loss"], points=0)
    assert [point[0] for point in series.points] == [0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14]
    assert third.outputs == {"best": 10}
    shown = yard.command("get", third.id)
    assert f"{second.short_id} (resume, succeeded)" in shown


def test_a_deleted_run_leaves_no_file_behind(client, yard):
    run = ended(client, submit(client, "echo hello; echo out > $TRAINYARD_OUTPUTS/file").id)
    eventually(lambda: [*client.runs.artifacts(run.id)], what="its file is here")
    assert "cannot be deleted" not in yard.command("delete", run.short_id, "--yes")
    assert run.id not in yard.command("ls", "--json", "-n", "100")
    left = eventually(lambda: _files_of(yard, run.id) == [] or None, what=f"files of {run.id} are gone")
    assert left is True


def _files_of(yard, run):
    return [path for path in paths_below(yard.data) if run in str(path) and ".released" not in str(path)]


def test_runs_that_wait_are_skipped_and_deleted_together(client, yard):
    client.queues.set("still", paused=True)
    runs = [submit(client, "true", queue="still") for _ in range(3)]
    answer = client.runs.act(BulkAction(action="skip", q="queue:still and status:queued"))
    assert sorted(each.id for each in answer.items if each.done) == sorted(run.id for run in runs)
    told = json.loads(yard.command("delete", "-q", "queue:still", "--yes", "--json"))
    assert [each["done"] for each in told["items"]] == [True] * 3
    assert [*client.runs.list(q="queue:still")] == []


def test_a_run_is_restarted_with_another_queue_while_the_first_goes_on(client):
    client.queues.set("side")
    first = submit(client, "while :; do sleep 0.1; done")
    reached(client, first.id, "running")
    again = client.runs.restart(first.id, CloneRun(queue="side"))
    assert reached(client, again.id, "running").queue == "side"
    assert {each.done for each in client.runs.act(BulkAction(action="stop", refs=[first.id, again.id])).items} == {True}
    assert {ended(client, run).status for run in (first.id, again.id)} == {"stopped"}
