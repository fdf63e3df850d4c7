"""A secret that sings: put wherever a secret can be, it must be in no log, error, activity, repr, bundle or answer."""

from __future__ import annotations

import json
import re
import sqlite3
import zipfile

import httpx
import pytest
from yard import Yard, ended, paths_below, submit

from trainyard.client import Client
from trainyard.client.models import NewToken

CANARY = "c4n4ry-s1ngs"
SHAPES = re.compile(r"ty[r]?\.[\w\-.]{20,}")
"""How our own tokens look, wherever they turn up."""
SECRETS_OF_ITS_OWN = {"token", "trainyard.db", "trainyard.db-wal", "trainyard.db-shm"}
"""Files of the data directory that may hold secrets: the token itself, and the database (in it tokens are hashed)."""


@pytest.fixture(params=["sqlite", "postgresql"])
def secretive(request, tmp_path):
    """A server whose every setting that may hold a secret holds one, and that says all it can."""
    environ = {"TRAINYARD_ALTERNATE_LATE__SECRET_KEY": CANARY}
    if request.param == "postgresql":
        cluster = request.getfixturevalue("postgres")
        url = cluster.create(empty=True)
        address = re.sub(r"//([^@/:]*)(:[^@/]*)?@", rf"//\1:{CANARY}@", url)
        environ["TRAINYARD_DATABASE"] = address if CANARY in address else f"{url}&password={CANARY}"
    with Yard(tmp_path, arguments=["-v"], environ=environ) as yard:
        yield yard
    if request.param == "postgresql":
        cluster.drop(url)


def everything(client: httpx.Client, values: dict[str, str]) -> list[str]:
    """The answers to every GET of the document that ends, and to requests that go wrong in every way."""
    document = client.get("/api/v1/openapi.json").json()
    answers = []
    for path, item in document["paths"].items():
        filled = re.sub(r"\{(\w+)\}", lambda m: values.get(m.group(1), "x"), path)
        if "get" in item:
            answers.append(client.get(filled))
        for method in {"post", "put", "patch", "delete"} & item.keys():
            if "{" in path and "{project}" not in path:
                answers.append(client.request(method, filled, json={"password": CANARY}))
            answers.append(client.request(method, filled, content=b'{"x": "' + CANARY.encode()))
    answers.append(client.get("/api/v1/version", headers={"Authorization": f"Bearer {CANARY}"}))
    answers.append(client.get("/api/v1/version", headers={"Authorization": f"Basic {CANARY}"}))
    return [str(answer.headers) + answer.text for answer in answers]


def leaks(text: str, secrets: list[str]) -> list[str]:
    """What of the secrets is in a text."""
    found = [secret for secret in [CANARY, *secrets] if secret in text]
    return [text[max(0, text.index(each) - 200) : text.index(each) + 60] for each in found] + SHAPES.findall(text)


def test_no_secret_is_told(secretive):
    yard = secretive
    with yard.client() as client:
        admin = (yard.data / "token").read_text().strip()
        made = client.tokens.create(NewToken(name="ci"))
        run = ended(client, submit(client, "echo hello").id)
        failed = ended(client, submit(client, "exit 3").id)
        refused = {"version": 1.1, "kind": "component", "run": {"kind": "job", "container": {"command": ["true"]}}}
        refused["run"]["init"] = [{"git": {"url": f"https://me:{CANARY}@example.invalid/x.git"}}]
        secrets = [admin, made.token, *instance_secrets(yard)]
        texts = {"repr of the client": repr(client) + repr(client.endpoint), "repr of a token": repr(made)}
        told = [each.data for one in (run, failed) for each in client.runs.activities(one.id)]
        texts["activities"] = json.dumps(told, default=str)
        headers = {"Authorization": f"Bearer {admin}"}
        with httpx.Client(base_url=yard.url, headers=headers, timeout=60, trust_env=False) as bare:
            answer = bare.post("/api/v1/projects/default/runs", json={"operation": refused})
            assert answer.status_code == 422, "a password in an address is refused"
            texts["the refusal of a password in an address"] = answer.text
            values = {"project": "default", "ref": run.id, "token_id": made.id, "name": "default", "principal": "admin"}
            for number, each in enumerate(everything(bare, values)):
                texts[f"answer {number}"] = each
    with Client(yard.url, token=CANARY) as stranger, pytest.raises(Exception) as error:
        stranger.version()
    texts["the client's error"] = f"{error.value!r} {error.value}"
    texts["yard doctor"] = yard.command("doctor", "--bundle", str(yard.folder / "bundle.zip"), code=None)
    with zipfile.ZipFile(yard.folder / "bundle.zip") as bundle:
        texts |= {f"bundle: {name}": bundle.read(name).decode(errors="replace") for name in bundle.namelist()}
    texts["server log"] = yard.log.read_text()
    texts |= {f"file {path}": path.read_bytes().decode(errors="replace") for path in logs_of(yard)}
    told = {place: found for place, text in texts.items() if (found := leaks(text, secrets))}
    assert not told, json.dumps(told, indent=1)[:4000]


def instance_secrets(yard: Yard) -> list[str]:
    """The secret that signs runs' tokens, where it can be read."""
    path = yard.data / "trainyard.db"
    if not path.exists():
        return []
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        return [row[0] for row in database.execute("SELECT value FROM instance WHERE key = 'secret'")]


def logs_of(yard: Yard):
    """Every file below the data directory that people and tools read as a log."""
    return [
        path
        for path in paths_below(yard.data)
        if path.is_file() and path.name not in SECRETS_OF_ITS_OWN and path.suffix in (".log", ".json", ".jsonl", ".txt")
    ]
