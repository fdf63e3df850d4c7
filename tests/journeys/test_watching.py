"""Following what happens, through a real server: as one process, and split, where another process does it."""

from __future__ import annotations

import json
import threading

import httpx
from yard import PATIENCE, ended, submit


def test_a_project_is_followed_while_a_run_lives(yard, client):
    before = client.activities.page(limit=1).items
    seen, finished = [], threading.Event()

    def follow():
        with yard.client() as other:
            for activity in other.activities.follow(after=before[0].id if before else 0):
                seen.append(activity)
                if activity.data.get("status") == "succeeded":
                    finished.set()
                    return

    following = threading.Thread(target=follow, daemon=True)
    following.start()
    run = ended(client, submit(client, "exit 0").id)
    assert finished.wait(PATIENCE), [activity.kind for activity in seen]
    following.join(10)
    mine = [activity.data["status"] for activity in seen if activity.run == run.id and activity.kind == "status"]
    assert mine == [transition.status for transition in client.runs.statuses(run.id)]
    assert [activity.id for activity in seen] == sorted({activity.id for activity in seen})


def test_yard_watch_tells_a_run_to_its_end_and_ends_as_it_did(yard, client):
    run = submit(client, "sleep 0.2; exit 3")
    told = yard.command("watch", run.id, "--json", code=1)
    lines = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    assert [line["status"] for line in lines][:1] == ["created"]
    assert lines[-1]["status"] == "failed"
    assert lines[-1]["exit_code"] == 3
    assert "failed" in yard.command("watch", run.id, code=1)


def test_the_servers_numbers_and_log_tell_what_was_done_and_no_secret(yard, client):
    ended(client, submit(client, "exit 0").id)
    token = (yard.data / "token").read_text().strip()
    answer = httpx.get(f"{yard.url}/api/v1/prometheus", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert 'trainyard_runs{status="succeeded"}' in answer.text
    assert "trainyard_agent_heartbeat_age_seconds" in answer.text
    log = yard.log.read_text()
    assert token not in log
    for line in log.splitlines():
        assert line.startswith(("Trainyard serves", "{")), line
