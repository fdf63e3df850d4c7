"""Processes that a program starts: workers record to its run, other programs have runs of their own."""

import pytest
from program import LOGGED

from trainyard.track import segments

FORKED = """
import multiprocessing
def work(number):
    run = trainyard.init(project="other", name="child", params={"child": number})
    run.log({"child": number}, step=number)
    return run.id
if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert set(pool.map(work, range(2))) == {run.id}
        pool.close()
        pool.join()
"""


def test_a_forked_worker_that_calls_init_records_to_the_run_of_its_parent(run, kept):
    done = run(LOGGED + FORKED)
    assert done.returncode == 0, done.stderr
    ((events, rows),) = kept()
    assert sorted(step for names, step, _ in rows if names == ("child",)) == [0, 1]
    assert [event["values"] for event in events["params"]] == [{"lr": 0.1}]
    assert len(events["end"]) == 1


WORKERS = """
import multiprocessing
import trainyard

def work(n):
    trainyard.log({"worker": float(n)}, step=n)
    trainyard.init(name="of a worker", params={"lr": 9}).log_outputs({f"of {n}": n})

if __name__ == "__main__":
    trainyard.init(name="of the parent", params={"lr": 0.1})
    context = multiprocessing.get_context(METHOD)
    workers = [context.Process(target=work, args=(n,)) for n in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    trainyard.log({"parent": 1.0})
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_workers_record_to_the_run_of_their_parent(run, kept, method):
    done = run(WORKERS.replace("METHOD", repr(method)), TRAINYARD_QUIET="1")
    assert done.returncode == 0, done.stderr
    ((events, rows),) = kept()
    assert sorted(names[0] for names, *_ in rows) == ["parent", "worker", "worker"], done.stderr
    assert len(events["end"]) == 1
    assert done.stderr.count("trainyard:") == 1, "the parent says where the spool is, and nobody else anything"


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_worker_brings_neither_name_nor_params_of_its_own(run, kept, method):
    run(WORKERS.replace("METHOD", repr(method)))
    ((events, _),) = kept()
    assert [event["values"] for event in events["params"]] == [{"lr": 0.1}]
    assert sorted(key for event in events["outputs"] for key in event["values"]) == ["of 0", "of 1"]


SERVED_BEFORE = """
import multiprocessing
import trainyard

def work(name):
    trainyard.log({name: 1.0})

def run_worker(name):
    worker = multiprocessing.get_context("forkserver").Process(target=work, args=(name,))
    worker.start()
    worker.join()

if __name__ == "__main__":
    run_worker("before")
    for name in ("first", "second"):
        with trainyard.init(name=name):
            run_worker(name)
    run_worker("after")
"""


def test_a_fork_server_that_was_there_before_knows_each_run(run, kept):
    done = run(SERVED_BEFORE)
    assert done.returncode == 0, done.stderr
    assert [[names for names, *_ in rows] for _, rows in kept()] == [[("first",)], [("second",)]]
    assert done.stderr.count("log before init") == 2


LOADER = """
import multiprocessing
import trainyard

def load(tasks, results):
    for task in iter(tasks.get, None):
        trainyard.log({"loaded": float(task)}, step=task)
        results.put(task)

if __name__ == "__main__":
    trainyard.init()
    context = multiprocessing.get_context("spawn")
    tasks, results = context.Queue(), context.Queue()
    workers = [context.Process(target=load, args=(tasks, results), daemon=True) for _ in range(2)]
    for worker in workers:
        worker.start()
    for task in range(20):
        tasks.put(task)
    trainyard.log_outputs(loaded=sum(results.get() for _ in range(20)))
"""


def test_workers_that_the_end_of_the_program_terminates_leave_nothing_open(run, kept, tmp_path, spool_frames):
    """As a loader of data does: its workers live until the interpreter ends."""
    done = run(LOADER)
    assert done.returncode == 0, done.stderr
    (root,) = (tmp_path / "data" / "spool").iterdir()
    writers = segments.writers(root)
    assert [spool_frames(root, writer)[-1].final for writer in writers] == [True] * len(writers)
    ((events, rows),) = kept()
    assert sorted(step for _, step, _ in rows) == list(range(20))
    assert [event["values"] for event in events["outputs"]] == [{"loaded": 190}]


def test_a_program_that_a_tracked_one_starts_has_a_run_of_its_own(run, kept):
    child = "import trainyard; trainyard.init(name='child')"
    done = run(LOGGED + f"import subprocess\nsubprocess.run([sys.executable, '-c', {child!r}], check=True)")
    assert done.returncode == 0, done.stderr
    assert len(kept()) == 2
