"""What is recorded of programs without a call: system metrics, where they come from, and their groups."""

from program import BEGIN, LOGGED


def test_system_metrics_move_no_step_of_the_program(run, kept):
    text = "import time\nfor i in range(3):\n    run.log({'a': i})\n    time.sleep(0.4)\n"
    done = run(BEGIN + text, TRAINYARD_SYSTEM_PERIOD="0.1")
    ((events, rows),) = kept()
    assert [step for names, step, _ in rows if names == ("a",)] == [0, 1, 2]
    assert any(names[0].startswith("system/") for names, *_ in rows), done.stderr
    assert len(events["end"]) == 1
    assert "system/" not in done.stderr


def test_a_program_tells_where_it_comes_from(run, kept):
    run(LOGGED, "prog.py", "--secret", "no")
    ((events, _),) = kept()
    (meta,) = [event["values"] for event in events["meta"]]
    assert meta["origin"]["command"][-3:] == ["prog.py", "--secret", "no"]
    assert meta["python"]["version"].startswith("3.")
    assert "code" not in meta


def test_group_and_job_type_are_meta_of_the_run(run, kept):
    run("import trainyard\ntrainyard.init(group='seeds', job_type='eval')", TRAINYARD_ORIGIN="0")
    ((events, _),) = kept()
    assert [event["values"] for event in events["meta"]] == [{"group": "seeds", "job_type": "eval"}]
