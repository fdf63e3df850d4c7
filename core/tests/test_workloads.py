"""What an agent is handed to start: everything that the operation says, of kinds that plugins bring, too."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint, entry_points

import msgspec
import pytest

from trainyard.client.errors import Invalid
from trainyard.client.models import CreateRun
from trainyard.compile.resolved import Resources
from trainyard.spec.container import Container
from trainyard.spec.installed import RUNS
from trainyard.spec.run import ScheduledRun
from trainyard.spec.workload import Role, WorkloadSpec
from trainyard_core.contracts.needs import InitStep, MergedNeeds, Sidecar
from trainyard_core.work import assignment


class CrewRun(ScheduledRun):
    """A captain, and so many hands."""

    hands: int = 1

    def workload(self):
        sized = {"resources": {"requests": {"cpu": 2, "memory": "1Gi"}}}
        captain = Container.model_validate({"command": ["lead"], **sized})
        hand = Container.model_validate({"command": ["follow"], **sized})
        return WorkloadSpec(
            roles=(Role(name="captain", container=captain), Role(name="hand", replicas=self.hands, container=hand)),
            topology="torch",
            ports=(29500,),
            volumes=({"name": "shm", "emptyDir": {}},),
            placement={"nodeSelector": {"zone": "a"}},
        )


@pytest.fixture
def crew(monkeypatch):
    monkeypatch.setitem(sys.modules, "runs_of_this_test", sys.modules[__name__])
    groups = {"trainyard.runs": [EntryPoint("crew", "runs_of_this_test:CrewRun", "trainyard.runs")]}
    monkeypatch.setattr(
        "trainyard.spec.installed.entry_points", lambda group: groups.get(group) or entry_points(group=group)
    )
    RUNS.forget()
    yield
    monkeypatch.undo()
    RUNS.forget()


def operation(run):
    return {"version": 1.1, "kind": "operation", "component": {"run": run}}


async def handed(web, run):
    """The workload of a run that an agent was just assigned."""
    at, policy = web.arrange.clock.now(), web.runtime.policy
    refs = await web.runtime.database.write(lambda tx: assignment.assign(tx, "arranged", policy=policy, at=at))
    assert [ref.run for ref in refs] == [run.id]
    row = await web.runtime.database.read(lambda tx: tx.one("SELECT epoch FROM agent WHERE name = 'arranged'"))
    (workload,) = await web.runtime.session_service().workloads("arranged", row["epoch"], refs)
    return workload


async def test_init_steps_and_sidecars_arrive_in_order(web):
    step = {"name": "fetch", "command": ["fetch"], "args": ["--all"], "env": {"A": "b"}, "workingDir": "data"}
    run = await web.admin.runs.create(
        CreateRun(
            operation=operation(
                {
                    "kind": "job",
                    "init": [{"container": step}, {"container": {"command": ["unpack"], "image": "tar:1"}}],
                    "sidecars": [{"command": ["watch"]}],
                    "container": {"command": ["train"]},
                }
            )
        )
    )
    workload = await handed(web, run)
    assert workload.needs == MergedNeeds(
        init=(
            InitStep(name="fetch", command=("fetch",), args=("--all",), env={"A": "b"}, working_dir="data"),
            InitStep(name="init-2", command=("unpack",), image="tar:1"),
        ),
        sidecars=(Sidecar(name="sidecar-1", command=("watch",)),),
    )
    assert (workload.kind, workload.command, workload.roles) == ("job", ("train",), ())
    assert msgspec.json.decode(msgspec.json.encode(workload), type=type(workload)) == workload


@pytest.mark.usefixtures("crew")
async def test_a_run_of_a_kind_that_a_scheduler_runs_arrives_with_its_roles(web):
    run = await web.admin.runs.create(CreateRun(operation=operation({"kind": "crew", "hands": 3})))
    row = await web.arrange.row(run.id)
    assert (row["kind"], row["cpu"], row["memory"]) == ("crew", 8.0, 4 << 30), "all copies are counted"
    workload = await handed(web, run)
    captain, hand = workload.roles
    assert (captain.name, captain.container.command, captain.replicas) == ("captain", ("lead",), 1)
    assert (hand.replicas, hand.requests) == (3, Resources(cpu=2.0, memory=1 << 30))
    assert (workload.kind, workload.topology, workload.ports) == ("crew", "torch", (29500,))
    assert workload.volumes == ({"name": "shm", "emptyDir": {}},)
    assert workload.placement == {"nodeSelector": {"zone": "a"}}
    assert workload.spec == {"hands": 3}
    assert msgspec.json.decode(msgspec.json.encode(workload), type=type(workload)) == workload


@pytest.mark.usefixtures("crew")
async def test_a_kind_that_nothing_here_knows_is_refused(web):
    with pytest.raises(Invalid, match="there is no run of kind `gang`"):
        await web.admin.runs.create(CreateRun(operation=operation({"kind": "gang"})))
