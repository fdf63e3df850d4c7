"""What a training program pays for the import: the standard library, and of it only what is needed."""

import subprocess
import sys

import pytest

import trainyard

HEAVY = {"httpx", "pydantic", "msgspec", "yaml", "jinja2", "typer", "rich", "asyncio", "numpy"}


def modules_after(program):
    text = f"{program}\nimport sys\nprint(' '.join(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


def test_the_import_alone_loads_no_other_module_of_ours():
    assert {m for m in modules_after("import trainyard") if m.startswith("trainyard.")} == set()


def test_tracking_loads_the_standard_library_only():
    loaded = modules_after("import trainyard; trainyard.init; trainyard.log")
    assert "trainyard.track.ring" in loaded
    assert not loaded & HEAVY


@pytest.mark.parametrize("name", [n for n in trainyard.__all__ if n not in ("AsyncClient", "Client")])
def test_every_public_name_is_there(name):
    assert getattr(trainyard, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = trainyard.nothing


def test_public_names_are_sorted():
    assert trainyard.__all__ == sorted(trainyard.__all__)
