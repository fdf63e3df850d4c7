"""What programs record, started as people start them and read back through `yard`: odd values, names and files cost
nothing but themselves, and what is not there is named."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from reverse_proxy import NarrowProxy
from yard import Yard, ended, submit

DOCS = Path(__file__).resolve().parents[2] / "docs"
HEAD = "import os, sys, trainyard\nfrom pathlib import Path\n"


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A fresh server."""
    with Yard(tmp_path_factory.mktemp("recording")) as served:
        yield served


@pytest.fixture
def client(own):
    with own.client() as found:
        yield found


@pytest.fixture
def start(own, tmp_path):
    """Starts a program by hand, in a folder of its own; what it printed, and its run's id when it printed that."""

    def started(text: str, **environ: str) -> str:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", HEAD + text],
            env={**own.environ, "TRAINYARD_CODE": "0", **environ},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    return started


def shown(own, run, *options):
    """`yard get`: the fields of a run."""
    text = own.command("get", run, *options)
    return dict(re.split(r"\s{2,}", line, maxsplit=1) for line in text.splitlines() if "  " in line)


def files_of(own, run):
    return {each["name"]: each for each in json.loads(own.command("artifacts", "ls", run, "-r", "--json"))["items"]}


REFUSED = """
run = trainyard.init(name="refused")
Path("m.pt").write_text("m")
run.log({"loss": 0.5})
run.log_file("m.pt", "model_" + "lr=0.001," * 40 + ".pt")
run.log_file("m.pt", "学習" * 50)
run.log_file("m.pt", "kind", kind="k" * 100)
run.log_file("nope.png")
run.log_file("m.pt", "b\\\\c.txt")
run.log_model("m.pt")
for _ in range(12):
    run.log({"fig": object(), "loss": 0.25})
run.log_outputs(best=1)
"""


def unrecorded(fields):
    """The names of what a run does not have."""
    return {name.removeprefix("not recorded ") for name in fields if name.startswith("not recorded ")}


def test_names_and_kinds_that_the_server_refuses_cost_nothing_else_by_hand(own, start):
    said = start(REFUSED + "print(run.id)")
    run = said.split()[0]
    fields = shown(own, run)
    assert (fields["status"], fields["metric loss"], fields["output best"]) == ("succeeded", "0.25", "1")
    assert {"kind", "nope.png", "fig"} <= unrecorded(fields)
    assert any(name.startswith("model_lr=0.001,") for name in unrecorded(fields))
    assert "WARNING" not in said
    assert files_of(own, run).keys() == {"b\\c.txt", "m.pt"}
    assert "nothing waits" in own.command("sync")


def test_names_and_kinds_that_the_server_refuses_cost_nothing_else_in_a_managed_run(own, client):
    outputs = "out = Path(os.environ['TRAINYARD_OUTPUTS'])\n(out / 'epoch.pt').write_text('e')\n"
    outputs += "(out / 'best.pt').symlink_to('epoch.pt')\n(out / 'passwd').symlink_to('/etc/passwd')\n"
    outputs += "(out / os.fsdecode(b'caf\\xe9')).write_text('x')\nos.mkfifo(out / 'pipe')\n"
    run = ended(client, submit(client, HEAD + REFUSED + outputs, python=True).id).id
    fields = shown(own, run)
    assert (fields["status"], fields.get("reason", ""), fields["metric loss"]) == ("succeeded", "", "0.25")
    assert any(name.startswith("model_lr=0.001,") for name in unrecorded(fields))
    left = json.loads(own.command("get", run, "--json"))["meta"]["not_recorded"]
    assert left["outputs/passwd"]["why"] == "the link leads out of the folder"
    assert {"outputs/caf?", "outputs/pipe", "fig", "nope.png"} <= left.keys()
    assert files_of(own, run).keys() == {"b\\c.txt", "m.pt", "outputs/best.pt", "outputs/epoch.pt"}


def test_files_go_in_parts_through_a_proxy_that_lets_no_large_body_pass(own, start, client):
    program = """
import random
Path("large.bin").write_bytes(random.Random(1).randbytes(3_000_000))
with trainyard.init() as run:
    for step in range(20_000):
        run.log({f"m{n}": step for n in range(20)})
    run.log_params({f"p{n}": "x" * 60_000 for n in range(15)})
    run.log_model("large.bin")
    Path("disliked.bin").write_text("d")
    run.log_file("disliked.bin")
    run.log_outputs(done=True)
print(run.id)
"""
    with NarrowProxy(own.url, most=1 << 20, dislikes=lambda path: "disliked" in path) as proxy:
        run = start(program, TRAINYARD_URL=proxy.url, TRAINYARD_TOKEN=(own.data / "token").read_text()).split()[0]
        assert proxy.largest > 300_000
    fields = shown(own, run)
    assert (fields["status"], fields["output done"]) == ("succeeded", "true")
    assert unrecorded(fields) == {"disliked.bin"}
    assert client.artifacts.read(run, "large.bin") == random.Random(1).randbytes(3_000_000)
    assert client.runs.get(run).params.keys() == {f"p{n}" for n in range(15)}
    assert client.runs.series(run, ["m19"], points=1)[0].total == 20_000


def test_odd_params_are_recorded_as_text_and_the_rest_as_it_is(own, start):
    program = """
class Hostile:
    def __str__(self): raise RuntimeError("no")
    __repr__ = __str__
with trainyard.init() as run:
    run.log_params(lr=0.1, dtype=float, hostile=Hostile(), nested={"a": 1, "b": Hostile()}, long="x" * 10_000_000)
    run.log_params({"lone \\ud800": "\\ud800", "zeros": "\\0"})
    run.log_outputs(array=[0.123456789] * 2_000_000, last=1)
print(run.id)
"""
    said = start(program)
    fields = shown(own, said.split()[0])
    assert (fields["param lr"], fields["param dtype"], fields["output last"]) == ("0.1", "builtins.float", "1")
    assert {"param hostile", "param nested", "param long", "param lone ?", "output array"} <= fields.keys()
    for name in ("params: hostile", "params: nested", "params: long", "outputs: array"):
        assert said.count(f"trainyard: {name} ") == 1
    assert "message" not in fields


def test_what_init_is_given_strands_no_run(own, start):
    program = """
for given in ({"project": "digits"}, {"project": "My Project", "name": None, "tags": None}, {"name": 5, "tags": "one"}):
    with trainyard.init(**given) as run:
        run.log({"a": 1})
    print(run.id, run.project)
"""
    said = start(program, TRAINYARD_QUIET="1")
    runs = dict(line.split() for line in said.splitlines() if "trainyard:" not in line)
    assert list(runs.values()) == ["digits", "My-Project", "default"]
    for run, project in runs.items():
        assert shown(own, run, "-p", project)["metric a"] == "1"
    assert "cannot be the name of a project: use letters" in said
    assert shown(own, run)["name"] == "5"
    assert shown(own, run)["tags"] == "one"
    assert "nothing waits" in own.command("sync")


def test_a_run_whose_project_its_token_may_not_make_is_sent_to_another(own, start):
    narrow = own.command("tokens", "create", "--scope", "track", "--scope", "read", "--only", "default").split()[0]
    program = 'with trainyard.init(project="closed") as run: run.log({"a": 1})\nprint(run.id)'
    said = start(program, TRAINYARD_TOKEN=narrow, TRAINYARD_URL=own.url)
    assert "yard sync --project NAME" in said
    run = said.split()[0]
    own.command("sync", "--project", "default")
    assert shown(own, run)["metric a"] == "1"
    assert "nothing waits" in own.command("sync")


def test_a_folder_with_a_bad_name_is_stored_without_it_and_says_so(own, client, tmp_path):
    run = submit(client, "exit 0").id
    folder = tmp_path / "many"
    folder.mkdir()
    for name in (b"a", b"caf\xe9", b"z"):
        (folder / os.fsdecode(name)).write_text("x")
    (folder / "best").symlink_to("z")
    os.mkfifo(folder / "pipe")
    said = own.command("artifacts", "put", run, str(folder), code=1)
    assert "caf\\udce9' is left out" in said
    assert "pipe' is left out" in said
    assert "Traceback" not in said
    own.command("artifacts", "put", run, str(folder / "best"))
    assert files_of(own, run).keys() == {"best", "many/a", "many/best", "many/z"}
    for bad in (str(folder / "pipe"), os.fsdecode(bytes(folder) + b"/caf\xe9")):
        said = own.command("artifacts", "put", run, bad, code=None)
        assert said.startswith("yard: ")
        assert said.count("\n") == 1


EXAMPLES = {
    "README.md": "",
    "docs/tracking.md": "from pathlib import Path\n"
    "batches = range(3)\ndef train(batch): return 1 / (batch + 1), batch\n",
    "docs/python.md": "",
    "docs/artifacts.md": "run = trainyard.init(); run.finish(); run = run.id\n",
    "docs/query.md": "os.environ['TRAINYARD_PROJECT'] = 'queried'; client = trainyard.Client()\n"
    "with trainyard.init(params={'lr': 0.1}) as run: run.log({'loss': 1})\n",
}


@pytest.mark.parametrize("page", EXAMPLES)
def test_the_examples_of_the_docs_work_on_a_fresh_server(own, start, tmp_path, page):
    """Those of the other pages are tests of their own, need many trials, or never end."""
    (tmp_path / "plots").mkdir()
    for name in ("model.pt", "model.pkl", "plots/a.png"):
        (tmp_path / name).write_text(name)
    (tmp_path / "deploy").symlink_to(DOCS.parent / "deploy")
    subprocess.run(["tar", "-cf", "plots.tar", "plots"], cwd=tmp_path, check=True)
    blocks = re.findall(r"```python\n(.*?)```", (DOCS.parent / page).read_text(), re.DOTALL)
    assert blocks
    said = start(EXAMPLES[page] + "".join(blocks) + "\nif 'client' in globals(): client.close()")
    assert "trainyard: not recorded" not in said
    assert "safe in" not in said
