"""What `yard why` says of runs on a scheduler with hosts of different sizes: it lets runs wait, refuses some, finds out
why, and loses hosts."""

from __future__ import annotations

import signal
from contextlib import suppress

import pytest
from remote_agent import Far
from yard import Yard, ended, eventually, reached, submit

from trainyard.client.errors import Conflict
from trainyard.client.models import CreateRun
from trainyard_alternate_late.hosts import Cluster, Host, write_cluster

FOREVER = "while :; do sleep 0.1; done"
HELD = "until [ -e {0} ]; do sleep 0.1; done"


class Site:
    """A server whose runs go to hosts, and the hosts."""

    def __init__(self, yard, client):
        self.yard, self.client = yard, client
        self.made = []

    def hosts(self, *, away="", forbidden=(), **cores):
        """From now on there are these, each of so many cores, or so many in a state."""
        hosts = {
            name: Host(cpu=said[0], state=said[1]) if isinstance(said, tuple) else Host(cpu=said)
            for name, said in cores.items()
        }
        write_cluster(
            self.yard.data / "plugins" / "alternate_late", Cluster(hosts=hosts, away=away, forbidden=forbidden)
        )

    def known(self, cpu, largest):
        """Once core knows how much there is."""
        eventually(lambda: self._capacity() == [(cpu, largest)], what=f"{cpu} cores are known, {largest} in one host")

    def _capacity(self):
        agents = self.client.agents.page().items
        return [(agent.cpu, agent.largest.get("cpu")) for agent in agents]

    def run(self, cpu, script=FOREVER, **top):
        made = submit(self.client, script, cpu=str(cpu), **top).id
        self.made.append(made)
        return made

    def why(self, run, *words):
        """Once the answer has all of these words, `yard why` prints them."""
        try:
            eventually(lambda: all(word in self._told(run) for word in words), what=" and ".join(words))
        finally:
            printed = self.yard.command("why", run)
            assert [word for word in words if word not in printed] == [], printed

    def _told(self, run):
        why = self.client.runs.why(run)
        parts = [part for each in why.blockers for part in (each.message, each.fix)]
        return "\n".join([why.status, why.summary, *parts, *why.changes])

    def attempt(self, run, number):
        """Once an attempt of that number runs."""

        def runs():
            found = self.client.runs.get(run)
            return found.status == "running" and found.attempt == number

        eventually(runs, what=f"attempt {number} of {run} runs")

    def end(self):
        """Nothing of a case is left for the next one."""
        self.hosts(a=2.0, b=1.0)
        for run in self.made:
            with suppress(Conflict):  # it has ended
                self.client.runs.stop(run)
        for run in self.made:
            ended(self.client, run)
        self.made.clear()
        (agent,) = self.client.agents.page().items
        eventually(lambda: self.client.agents.get(agent.name).live == 0, what="all is let go of")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hosts")
    write_cluster(folder / "data" / "plugins" / "alternate_late", Cluster(hosts={"a": Host(cpu=2), "b": Host(cpu=1)}))
    environ = {"TRAINYARD_SCHEDULER": "hosts", "TRAINYARD_PLATFORM_RETRIES": "1"}
    with Yard(folder, environ=environ) as yard, yard.client() as client:
        yield Site(yard, client)


@pytest.fixture
def site(served):
    served.hosts(a=2.0, b=1.0)
    served.known(3, 2)
    yield served
    served.end()


def test_a_run_waits_though_there_is_enough_in_all(site):
    site.attempt(site.run(1.5), 1)
    waiting = site.run(1.25)
    site.why(waiting, "it asks for cpu 1.25; a has 0.5 of 2 free, b has 1 of 1 free")
    site.why(waiting, "no host has room for it", "wait, or add a host")
    run = site.client.runs.get(waiting)
    assert (run.attempts[0].observation.phase, run.attempts[0].observation.reason) == ("submitted", "unschedulable")


def test_a_run_that_waits_starts_on_a_host_that_was_added(site):
    site.attempt(site.run(1.5), 1)
    waiting = site.run(1.25)
    site.why(waiting, "it asks for cpu 1.25")
    site.hosts(a=2.0, b=1.0, c=2.0)
    site.why(waiting, "running since")


def test_a_run_is_larger_than_the_largest_host(site):
    site.why(site.run(2.5), "it asks for cpu 2.5 and the largest machine of agent", "has 2", "or add a larger machine")


def test_a_run_that_was_too_large_starts_once_there_is_a_larger_host(site):
    large = site.run(4)
    site.why(large, "it asks for cpu 4 and agent")
    site.hosts(a=2.0, b=1.0, c=4.0)
    site.why(large, "running since")


def test_all_is_in_use(site):
    for cores in (2, 1):
        site.why(site.run(cores), "running since")
    site.why(site.run(1), "it asks for cpu 1 and 0 is free on agent", "when run")


def test_a_cluster_without_hosts_is_not_known_and_the_run_waits_for_one(site):
    site.hosts()
    site.known(None, None)
    site.why(site.run(64), "it asks for cpu 64; there is no host", "no host has room for it")


def test_a_host_pulls_an_image(site):
    site.hosts(a=(2.0, "pulling"))
    run = site.run(1)
    site.why(run, "starting", "host a pulls the image")
    site.hosts(a=2.0)
    site.why(run, "running since")


def test_an_image_cannot_be_pulled(site):
    site.hosts(a=(2.0, "unpullable"))
    site.why(site.run(1), "host a cannot pull the image: no such image")


def test_a_run_is_refused(site):
    site.hosts(a=2.0, forbidden=("secret/image",))
    container = {"image": "secret/image", "command": ["true"]}
    operation = {"version": 1.1, "kind": "operation", "component": {"run": {"kind": "job", "container": container}}}
    run = site.client.runs.create(CreateRun(operation=operation)).id
    site.why(run, "failed", "no host may run the image 'secret/image': use another one")


def test_a_host_does_not_answer_and_comes_back(site):
    run = site.run(2)
    site.why(run, "running since")
    site.hosts(a=(2.0, "silent"), b=1.0)
    site.why(run, "host a does not answer; its attempts may run or not", "start it again, or take it away")
    site.hosts(a=2.0, b=1.0)
    eventually(lambda: "does not answer" not in site.yard.command("why", run).splitlines()[0], what="it is well again")


def test_a_host_was_taken_away_and_the_run_goes_on_elsewhere(site):
    run = site.run(1)
    site.attempt(run, 1)
    site.hosts(c=1.0)
    site.attempt(run, 2)
    site.why(run, "running since")
    assert "attempt 1: host b was taken away" in site.yard.command("why", run)


def test_a_host_was_taken_away_once_too_often(site):
    run = site.run(1)
    for number, host in enumerate(("c", "d"), start=1):
        site.attempt(run, number)
        site.hosts(**{host: 1.0})
    site.why(run, "failed", "host", "was taken away")


def test_a_host_will_end_its_attempts(site):
    run = site.run(2)
    site.why(run, "running since")
    site.hosts(a=(2.0, "preempting"), b=1.0)
    site.why(run, "its scheduler says: host a is wanted by others and ends its attempts soon")


def test_the_cluster_cannot_be_asked(site):
    site.hosts(a=2.0, b=1.0, away="the cluster's address does not answer")
    run = site.run(1)
    site.why(run, "its scheduler could not take it; it is tried again: OSError: the cluster's address does not answer")
    site.hosts(a=2.0, b=1.0)
    site.why(run, "running since")


def test_a_run_ends_and_frees_its_host(site, tmp_path):
    first = site.run(2, HELD.format(tmp_path / "go"))
    site.why(first, "running since")
    second = site.run(1.5)
    site.why(second, "it asks for cpu 1.5", "is free")
    (tmp_path / "go").touch()
    site.why(first, "succeeded at")
    site.why(second, "running since")


def test_a_run_ends_while_its_agent_is_dead_as_its_runner_reports_the_exit(tmp_path):
    folder = tmp_path / "far"
    folder.mkdir()
    with Yard(tmp_path, environ={"TRAINYARD_AGENT": ""}) as yard, yard.client() as client:
        token = client.agents.add("far").token
        with Far(yard, folder, token, arguments=("--scheduler", "hosts")) as agent:
            script = f"{HELD.format(tmp_path / 'go')}; echo after; exit 4"
            run = submit(client, script, cpu="1").id
            reached(client, run, "running")
            agent.down(signal.SIGKILL)
            (tmp_path / "go").touch()
            done = ended(client, run)
            assert (done.status, done.attempts[0].exit_code) == ("failed", 4)
            assert [line.text for line in client.runs.lines(run)] == ["after"]
            agent.up()
            eventually(lambda: client.agents.get("far").live == 0, what="the agent lets go of it")
            assert len(client.runs.get(run).attempts) == 1
