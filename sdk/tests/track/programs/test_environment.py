"""Where programs run: the environment, the home and the working directory, which may be missing or change."""

import re

from program import BEGIN, LOGGED

from trainyard.track import run_metadata


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
