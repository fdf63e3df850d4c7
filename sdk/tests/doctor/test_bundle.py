"""What is packed for support, and that no secret is."""

from __future__ import annotations

import json
import stat
import zipfile

import pytest

from trainyard.client.models import Check
from trainyard.doctor import bundle

CANARY = "canary-93ab"


def packed(tmp_path, env, detail=""):
    target = tmp_path / "b.zip"
    bundle.write(target, [Check(name="x", state="ok", detail=detail)], None, env, tmp_path)
    with zipfile.ZipFile(target) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


@pytest.mark.parametrize(
    "env",
    [
        {"TRAINYARD_TOKEN": CANARY},
        {"TRAINYARD_S3__SECRET_KEY": CANARY},
        {"TRAINYARD_DATABASE": f"postgresql://me:{CANARY}@db/x"},
        {"HTTPS_PROXY": f"http://me:{CANARY}@proxy:1"},
        {"TRAINYARD_URL": f"https://me:{CANARY}@host"},
    ],
    ids=lambda env: next(iter(env)),
)
def test_a_secret_of_the_environment_is_blotted_out_wherever_it_turns_up(tmp_path, env):
    parts = packed(tmp_path, env, detail=f"it said {CANARY}!")
    assert CANARY not in "".join(parts.values())
    assert json.loads(parts["doctor.json"])["items"][0]["detail"] == "it said ***!"


@pytest.mark.parametrize("named", [True, False])
def test_a_secret_of_a_file_is_blotted_out(tmp_path, named):
    file = tmp_path / ("elsewhere" if named else "token")
    file.write_text(CANARY + "\n")
    env = {"TRAINYARD_TOKEN_FILE": str(file)} if named else {}
    assert CANARY not in "".join(packed(tmp_path, env, detail=CANARY).values())


def test_which_variables_are_set_is_told_and_harmless_values_are(tmp_path):
    env = {"TRAINYARD_DATA": "/d", "TRAINYARD_MYTHING": "5", "TRAINYARD_URL": "https://h:1/x", "HOME": "/home/me"}
    shown = json.loads(packed(tmp_path, env)["environment.json"])
    assert shown == {"TRAINYARD_DATA": "/d", "TRAINYARD_MYTHING": "***", "TRAINYARD_URL": "https://h:1/x"}


def test_a_variable_that_is_no_address_is_no_trouble(tmp_path):
    packed(tmp_path, {"A": "http://[::@", "TRAINYARD_TOKEN_FILE": str(tmp_path / "none")})


def test_its_owner_alone_may_read_it_also_when_it_replaces_another(tmp_path):
    (tmp_path / "b.zip").write_text("older")
    (tmp_path / "b.zip").chmod(0o644)
    packed(tmp_path, {})
    assert stat.S_IMODE((tmp_path / "b.zip").stat().st_mode) == 0o600
