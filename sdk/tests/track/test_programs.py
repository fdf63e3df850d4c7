"""Small programs as users write them, each run by every Python that is found: how they end, and what is kept of them.

A program tracks itself offline; what it has recorded is read from its spool.
"""

import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from trainyard.track import frames, run_metadata, segments, spool

SOURCE = Path(__file__).parents[2] / "src"
WANTED = [(3, 11), (3, 12), (3, 13), (3, 14)]


def pythons():
    """Interpreters by their version: this one, those on PATH and those of pyenv. Tracking needs nothing installed."""
    candidates = [Path(sys.executable)]
    for folder in os.environ["PATH"].split(os.pathsep):
        candidates += [Path(folder, f"python{major}.{minor}") for major, minor in WANTED]
    candidates += sorted(Path("~/.pyenv/versions").expanduser().glob("3.*/bin/python"), reverse=True)
    found = {}
    for path in candidates:
        if path.exists() and len(found) < len(WANTED):
            done = subprocess.run(
                [path, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, text=True
            )
            version = tuple(map(int, done.stdout.split())) if done.returncode == 0 else ()
            if version >= WANTED[0]:
                found.setdefault(version, path)
    missing = [".".join(map(str, version)) for version in WANTED if version not in found]
    if missing:
        warnings.warn(f"programs of users are not run on Python {', '.join(missing)}: not found", stacklevel=1)
    return {".".join(map(str, version)): path for version, path in sorted(found.items())}


with warnings.catch_warnings():
    warnings.simplefilter("default")
    PYTHONS = pythons()


@pytest.fixture(params=PYTHONS.values(), ids=PYTHONS)
def run(request, tmp_path):
    """Runs a program by one Python, and gives the finished process."""

    def run(text, *how, **environ):
        program = tmp_path / "prog.py"
        program.write_text(text)
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("TRAINYARD_", "PYTHON"))}
        own = {"TRAINYARD_CODE": "0", "TRAINYARD_OFFLINE": "1", "TRAINYARD_DATA": str(tmp_path / "data")}
        own["TRAINYARD_SYSTEM_PERIOD"] = "0"
        return subprocess.run(
            [request.param, "-W", "ignore", *(how or [program])],
            env={**clean, "PYTHONPATH": str(SOURCE), **own, **environ},
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


@pytest.fixture
def kept(tmp_path, spool_frames, spool_events, frame_rows):
    """The spools of all runs of the program, each as (events by type, rows)."""

    def kept(data=tmp_path / "data"):
        found = []
        for root in sorted((data / "spool").iterdir()):
            assert spool.settle(root).live == frozenset()
            events = {}
            for event in spool_events(root):
                events.setdefault(event["type"], []).append(event)
            rows = [row for w in segments.writers(root) for row in frame_rows(spool_frames(root, w))]
            found.append((events, rows))
        return found

    return kept


BEGIN = "import sys\nimport trainyard\nrun = trainyard.init(name='n', params={'lr': 0.1})\n"
LOGGED = BEGIN + "trainyard.log({'loss': 1.0}, step=0)\n"
ERROR = ("failed", "error", "ZeroDivisionError: division by zero", None)
CAUGHT = "try:\n    {}\nexcept (SystemExit, ZeroDivisionError):\n    pass\nprint('goes on')"
GOOD, ZERO = ("succeeded", "", "", None), ("succeeded", "", "", 0)
UNSEEN = (
    "it ended by a SystemExit whose code cannot be seen; call sys.exit(code) instead of raising it, and import"
    " trainyard before that"
)
ENDINGS = {
    "the end": ("", 0, GOOD),
    "exception": ("1 / 0", 1, ERROR),
    "exception behind a hook": ("sys.excepthook = lambda *args: None\n1 / 0", 1, ERROR),
    "exception that cannot be shown": (
        "class Odd(Exception):\n    def __str__(self):\n        raise RuntimeError\nraise Odd",
        1,
        ("failed", "error", "Odd: <Odd that cannot be shown>", None),
    ),
    "exception that was caught": (CAUGHT.format("1 / 0"), 0, GOOD),
    "exception of a thread": (
        "import threading\nt = threading.Thread(target=lambda: 1 / 0)\nt.start()\nt.join()",
        0,
        GOOD,
    ),
    "exception in with": ("with run:\n    1 / 0", 1, ERROR),
    "Ctrl-C": ("raise KeyboardInterrupt", -2, ("stopped", "user", "interrupted", None)),
    "sys.exit(0)": ("sys.exit(0)", 0, ZERO),
    "sys.exit(3)": ("sys.exit(3)", 3, ("failed", "exit_code", "exit code 3", 3)),
    "sys.exit(-1)": ("sys.exit(-1)", 255, ("failed", "exit_code", "exit code 255", 255)),
    "sys.exit(a huge number)": ("sys.exit(2**70)", 255, ("failed", "exit_code", "exit code 255", 255)),
    "sys.exit(text)": ("sys.exit('no data')", 1, ("failed", "exit_code", "no data", 1)),
    "sys.exit from a function": (
        "def main():\n    sys.exit(4)\nmain()",
        4,
        ("failed", "exit_code", "exit code 4", 4),
    ),
    "sys.exit that was caught": (CAUGHT.format("sys.exit(3)"), 0, GOOD),
    "sys.exit(0) that was caught, then an exception": (CAUGHT.format("sys.exit(0)") + "\n1 / 0", 1, ERROR),
    "sys.exit(0) in with": ("with run:\n    sys.exit(0)", 0, ZERO),
    "sys.exit(3) in with": ("with run:\n    sys.exit(3)", 3, ("failed", "exit_code", "exit code 3", 3)),
    "exit(5)": ("exit(5)", 5, ("failed", "exit_code", "exit code 5", 5)),
    "raise SystemExit": ("raise SystemExit", 0, ZERO),
    "raise SystemExit(3)": ("raise SystemExit(3)", 3, ("failed", "exit_code", "exit code 3", 3)),
    "raise SystemExit(variable)": ("code = 6\nraise SystemExit(code)", 6, ("failed", "exit_code", "exit code 6", 6)),
    "raise SystemExit(main())": ("def main():\n    return 0\nraise SystemExit(main())", 0, ZERO),
    "raise SystemExit from a function": (
        "def main():\n    raise SystemExit(7)\nmain()",
        7,
        ("failed", "exit_code", UNSEEN, None),
    ),
    "argparse": (
        "import argparse\nargparse.ArgumentParser().parse_args(['--no-such'])",
        2,
        ("failed", "exit_code", "exit code 2", 2),
    ),
    "what is called at exit, called before": ("import atexit\natexit._run_exitfuncs()", 0, GOOD),
    "finish that was said": ("run.finish('failed', 'too slow')", 0, ("failed", "user", "too slow", None)),
}


@pytest.mark.parametrize(("text", "code", "expected"), ENDINGS.values(), ids=ENDINGS)
def test_how_a_program_ended_is_told(run, kept, text, code, expected):
    done = run(LOGGED + text)
    assert done.returncode == code, done.stderr
    ((events, rows),) = kept()
    (end,) = events["end"]
    assert (end["status"], end["reason"], end["message"], end["exit_code"]) == expected, done.stderr
    assert len(rows) == 1
    assert events["params"][0]["values"] == {"lr": 0.1}
    assert "not recorded" not in done.stderr


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


MAIN = "import sys\n{}\nimport trainyard\ndef main():\n    trainyard.init()\n    return {}\n"
FAILED = ("failed", "exit_code", "exit code 3", 3)
ENTRIES = {
    "sys.exit(main()), None": (MAIN.format("", None) + "sys.exit(main())", 0, ZERO),
    "sys.exit(main()), 0": (MAIN.format("", 0) + "sys.exit(main())", 0, ZERO),
    "sys.exit(main()), 3": (MAIN.format("", 3) + "sys.exit(main())", 3, FAILED),
    "exit(main()), 3": (MAIN.format("from sys import exit", 3) + "exit(main())", 3, FAILED),
    "a function that ends with it": (MAIN.format("", 3) + "def go():\n    sys.exit(main())\ngo()", 3, FAILED),
}


@pytest.mark.parametrize(("text", "code", "expected"), ENTRIES.values(), ids=ENTRIES)
def test_the_code_of_an_exit_that_was_looked_up_before_init_is_told(run, kept, text, code, expected):
    assert run(text).returncode == code
    ((events, _),) = kept()
    (end,) = events["end"]
    assert (end["status"], end["reason"], end["message"], end["exit_code"]) == expected


@pytest.mark.parametrize(("text", "status"), [("", "succeeded"), ("1 / 0", "failed")], ids=["end", "exception"])
def test_a_program_that_ends_before_its_first_record_has_ended(run, kept, text, status):
    """Python 3.12.0 to 3.12.2 start no thread any more when it ends."""
    done = run("import trainyard\ntrainyard.init()\n" + text)
    ((events, rows),) = kept()
    assert ([end["status"] for end in events["end"]], rows) == ([status], []), done.stderr
    assert "not recorded" not in done.stderr


def test_exit_from_sys_by_name_tells_its_code(run, kept):
    run("from sys import exit\n" + LOGGED + "exit(3)")
    ((events, _),) = kept()
    assert [event["exit_code"] for event in events["end"]] == [3]


def test_a_program_that_is_a_module_tells_its_code(run, kept):
    done = run(LOGGED + "raise SystemExit(3)", "-m", "prog")
    assert done.returncode == 3, done.stderr
    ((events, _),) = kept()
    assert [event["exit_code"] for event in events["end"]] == [3]


def test_what_is_recorded_while_the_interpreter_ends_is_kept(run, kept):
    done = run("import atexit\n" + BEGIN + "atexit.register(lambda: run.log({'late': 1.0}) or run.log_outputs(a=1))")
    ((events, rows),) = kept()
    assert (len(rows), events["outputs"][0]["values"], len(events["end"])) == (1, {"a": 1}, 1), done.stderr


def test_a_killed_program_tells_no_end(run, kept):
    done = run(LOGGED + "import os\nos._exit(3)")
    assert done.returncode == 3
    ((events, rows),) = kept()
    assert "end" not in events
    assert len(rows) == 1


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


def test_the_environment_gets_no_token(run):
    done = run(LOGGED + "import os\nprint(sorted(n for n in os.environ if n.startswith('TRAINYARD_')))")
    assert "TOKEN" not in done.stdout
    assert "TRAINYARD_PARENT_SPOOL" in done.stdout


NOBODY = """
import os, pwd
os.environ.pop("HOME", None)
def getpwuid(uid):
    raise KeyError(f"getpwuid(): uid not found: {uid}")
pwd.getpwuid = getpwuid
"""


def test_without_a_home_everything_that_is_named_is_used(run, kept, tmp_path):
    named = {
        "TRAINYARD_URL": "http://127.0.0.1:9",
        "TRAINYARD_TOKEN": "t",
        "TRAINYARD_OFFLINE": "",
        "TRAINYARD_DATA": "",
    }
    text = NOBODY + "import trainyard\nrun = trainyard.init(spool='data/spool')\nrun.log({'a': 1.0})\n"
    done = run(text + "run.finish(finish_timeout=0)", **named)
    assert done.returncode == 0, done.stderr
    ((events, rows),) = kept()
    assert (len(rows), len(events["end"])) == (1, 1)


def test_without_a_home_and_anything_named_it_says_what_to_name(run):
    done = run(NOBODY + BEGIN, TRAINYARD_DATA="")
    last = done.stderr.strip().splitlines()[-1]
    assert re.match("OSError: no place for Trainyard's data: .*no home directory; set TRAINYARD_DATA", last), (
        done.stderr
    )


def test_a_working_directory_that_is_gone_does_no_harm(run, kept):
    gone = "import os\nos.mkdir('gone')\nos.chdir('gone')\nos.rmdir('../gone')\n"
    done = run(gone + LOGGED, TRAINYARD_CODE="1")
    assert done.returncode == 0, done.stderr
    ((_, rows),) = kept()
    assert len(rows) == 1


def test_relative_paths_mean_the_directory_that_the_program_started_in(run, kept, tmp_path):
    text = "import os\nimport trainyard\nos.mkdir('sub')\nos.chdir('sub')\n" + LOGGED
    done = run(text, TRAINYARD_DATA="data", TRAINYARD_URL="http://127.0.0.1:9", TRAINYARD_TOKEN_FILE="token")
    assert done.returncode == 0, done.stderr
    assert len(kept()) == 1
    assert not (tmp_path / "sub" / "data").exists()


def test_the_token_file_is_known_wherever_the_program_goes(run, tmp_path):
    text = BEGIN + "import os\nos.mkdir('sub')\nos.chdir('sub')\nrun.finish(finish_timeout=0)"
    run(text, TRAINYARD_OFFLINE="", TRAINYARD_URL="http://127.0.0.1:9", TRAINYARD_TOKEN_FILE="token")
    (root,) = (tmp_path / "data" / "spool").iterdir()
    assert run_metadata.read_about(root)["token_file"] == str(tmp_path / "token")


@pytest.fixture
def lines(tmp_path, spool_frames):
    """The output that was kept of the only run."""

    def lines():
        (root,) = (tmp_path / "data" / "spool").iterdir()
        assert spool.settle(root).live == frozenset()
        found = [frame for writer in segments.writers(root) for frame in spool_frames(root, writer)]
        return [line.text for f in found if f.kind is frames.Kind.LOGS for line in frames.unpack_lines(f.payload)]

    return lines


RAISED = {
    "exception": "1 / 0",
    "in with": "with run:\n    1 / 0",
    "behind a hook": "sys.excepthook = lambda *args: None\n1 / 0",
    "chained": "try:\n    {}['a']\nexcept KeyError:\n    1 / 0",
}


@pytest.mark.parametrize("text", RAISED.values(), ids=RAISED)
def test_the_traceback_of_what_ended_a_program_is_in_its_logs_once(run, lines, text):
    done = run(LOGGED + "print('begins')\n" + text)
    assert done.stdout == "begins\n"
    found = lines()
    assert found[0] == "begins"
    assert found.count("ZeroDivisionError: division by zero") == 1
    assert "Traceback (most recent call last):" in found


KILLED = """
import os, time
print("kept")
while len(list(run.root.glob("*/*.tyf"))) < 2:  # the metrics' and the output's
    time.sleep(0.01)
print("lost", flush=True)
os._exit(1)
"""


def test_output_of_a_killed_program_is_kept_but_for_its_end(run, lines):
    done = run(LOGGED + KILLED)
    assert done.stdout == "kept\nlost\n", "nothing is lost of what goes to the terminal"
    assert lines() == ["kept"]


def test_output_is_not_kept_where_it_is_not_wanted(run, lines):
    run(LOGGED + "print('x')", TRAINYARD_CAPTURE="0")
    assert lines() == []


def test_output_of_a_forked_child_is_its_own(run, lines):
    text = "import os\nif os.fork() == 0:\n    print('child', flush=True)\n    os._exit(0)\nos.wait()\nprint('parent')"
    done = run(LOGGED + text)
    assert done.stdout == "child\nparent\n", done.stderr
    assert lines() == ["parent"]


def test_init_says_where_to_look_and_finish_sums_up(run, tmp_path):
    done = run(
        "import trainyard\nrun = trainyard.init(project='digits', name='n')\nrun.log({'loss': 2.0})\nrun.finish()"
    )
    (root,) = (tmp_path / "data" / "spool").iterdir()
    first, *others = done.stderr.splitlines()
    assert first == f"trainyard: run {root.name} 'n' in project 'digits', offline; send it later: yard sync {root}"
    assert re.fullmatch(rf"trainyard: run {root.name} 'n' succeeded after \d+\.\d s", others[-2])
    assert others[-1].split() == ["loss", "first", "2", "last", "2", "min", "2", "max", "2", "▁"]
    assert done.stdout == ""


@pytest.mark.parametrize("quiet", ["quiet=True", ""])
def test_quiet_programs_say_nothing(run, quiet):
    text = f"import trainyard\ntrainyard.init(offline=True, {quiet}).log({{'a': 1.0}})"
    done = run(text, **({} if quiet else {"TRAINYARD_QUIET": "1"}))
    assert [line for line in done.stderr.splitlines() if "yard sync" not in line] == []


def test_a_terminal_that_knows_no_blocks_is_no_trouble(run):
    done = run(LOGGED, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "loss  first 1  last 1  min 1  max 1" in done.stderr


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
