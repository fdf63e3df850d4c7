"""What an import costs: the SDK and plugins load late; tracking and the runner need the standard library only."""

from __future__ import annotations

import json
import sys
from importlib.metadata import entry_points

import pytest

from .workspace import ROOT, Distribution, imports

HEAVY = {"arq", "asyncpg", "click", "httpx", "jinja2", "litestar", "msgspec", "numpy", "piccolo", "pydantic", "redis"}
HEAVY |= {"lark", "rich", "structlog", "typer", "uvicorn", "yaml"}
SDK = Distribution(ROOT / "sdk")

NEEDS_MORE = ("AsyncClient", "Client", "RunHandle", "get_run", "history", "launch", "runs", "sweep")
"""What talks to the API, and loads the HTTP packages for it."""
BARE = """
import importlib, sys
sys.path.insert(0, {path!r})
import trainyard
for name in trainyard.__all__:
    if name not in {needs_more!r}:
        getattr(trainyard, name)
for name in {modules!r}:
    importlib.import_module(name)
"""


def test_import_trainyard_loads_nothing_heavy(python):
    loaded = json.loads(python("import json, sys, trainyard; print(json.dumps([*sys.modules]))"))
    assert {name.split(".")[0] for name in loaded}.isdisjoint(HEAVY | {"asyncio", "typing_extensions"})
    assert [name for name in loaded if name.startswith("trainyard")] == ["trainyard"]


def test_the_client_loads_no_command_line_program(python):
    loaded = json.loads(python("import json, sys; from trainyard import Client; print(json.dumps([*sys.modules]))"))
    assert {name.split(".")[0] for name in loaded}.isdisjoint({"click", "pygments", "rich"})


def test_tracking_and_the_runner_work_where_nothing_is_installed(python):
    """`-S` leaves out site-packages, `-I` everything from the environment."""
    modules = [SDK.module(source) for source in bare() if source.name != "__main__.py"]
    assert (
        python(
            BARE.format(needs_more=NEEDS_MORE, path=str(ROOT / "sdk" / "src"), modules=modules),
            "-I",
            "-S",
            "-W",
            "error",
        )
        == ""
    )


def test_tracking_and_the_runner_import_the_standard_library_only_also_in_functions():
    ours = ("trainyard.duration", "trainyard.names", "trainyard.runner", "trainyard.track")
    for source in bare():
        foreign = {name for name in imports(source) if name.split(".")[0] not in sys.stdlib_module_names}
        assert {name for name in foreign if name != "trainyard" and not name.startswith(ours)} == set(), source


@pytest.mark.parametrize("point", sorted(entry_points(group="trainyard")), ids=lambda point: point.name)
def test_loading_a_plugin_loads_nothing_heavy(point, python):
    loaded = json.loads(python(f"import json, sys, {point.module}; print(json.dumps([*sys.modules]))"))
    package = point.module.split(".")[0]
    assert {name.split(".")[0] for name in loaded}.isdisjoint(HEAVY - {"msgspec"})
    assert {name for name in loaded if name.split(".")[0] == package} == {package, point.module}


AGENT_IS_WITHOUT = {"arq", "asyncpg", "litestar", "piccolo", "redis", "sqlite3", "uvicorn"}


@pytest.mark.parametrize("module", ["agent.standalone", "registry", "settings", "work.rules"])
def test_what_an_agent_needs_loads_no_database_no_queue_and_no_web_server(module, python):
    code = f"import json, sys, trainyard_core.{module}; print(json.dumps([*sys.modules]))"
    loaded = json.loads(python(code))
    assert {name.split(".")[0] for name in loaded}.isdisjoint(AGENT_IS_WITHOUT)
    assert [name for name in loaded if name.startswith(("trainyard_core.api", "trainyard_core.db"))] == []


def bare():
    return [
        source
        for source in SDK.sources()
        if source.parent.name in ("runner", "track") or source.name in ("duration.py", "names.py")
    ]
