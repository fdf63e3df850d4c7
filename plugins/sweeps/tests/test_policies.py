"""Early-stopping policies: those of the language and one that is written as the docs say keep the promises; what goes
wrong in one of another plugin stops no trial and keeps no sweep from its end."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import threading
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import SimpleNamespace

import pytest
from early_stopping import begin, ended, ends, logged, next_running, policy, served, told_to_stop

from trainyard.client.errors import Invalid
from trainyard.matrix.objective import Goal
from trainyard.matrix.stopping import FailureShare, MedianRule, PolicyRule
from trainyard.spec.matrix import Positive, installed
from trainyard.spec.matrix.stopping import Policy
from trainyard_core.hookspecs import hookimpl
from trainyard_core.testing.background import until
from trainyard_core.testing.platform import FakePlatform
from trainyard_core.testing.server import BASE
from trainyard_sweeps.history import History
from trainyard_sweeps.installed_policies import InstalledPolicies, PolicyFailed
from trainyard_sweeps.plugin import sweeps_register_policies
from trainyard_sweeps.policies import DifferencePolicy, MedianPolicy, TruncationPolicy
from trainyard_sweeps.policy import Comparison, StoppingPolicy
from trainyard_sweeps.rules import TrialProgress
from trainyard_sweeps.testing.policy_suite import PolicySuite

PAGE = (Path(__file__).parents[3] / "docs" / "plugins.md").read_text("utf-8")


def documented():
    """The policy of the docs, and its model in the language."""
    (section,) = re.findall(r"^## Early-stopping policies\n(.*?)^## ", PAGE, re.MULTILINE | re.DOTALL)
    language, plugin = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    found = {}
    exec(language, found)
    exec(plugin, found)
    return found["MarginPolicy"], found["sweeps_register_policies"]()[0]


class TestMedian(PolicySuite):
    @pytest.fixture
    def policy(self):
        return MedianPolicy()


class TestTruncation(PolicySuite):
    @pytest.fixture
    def policy(self):
        return TruncationPolicy()

    @pytest.fixture
    def options(self):
        return [{"percent": percent, "includeSucceeded": on} for percent in (0.1, 50, 100.0) for on in (True, False)]


class TestDifference(PolicySuite):
    @pytest.fixture
    def policy(self):
        return DifferencePolicy()

    @pytest.fixture
    def options(self):
        return [{"percent": percent} for percent in (0.1, 50.0, 300)]


class TestDocumented(PolicySuite):
    @pytest.fixture
    def policy(self):
        return documented()[1]

    @pytest.fixture
    def options(self):
        return [{"margin": 0.5}, {"margin": 100}]


class MarginPolicy(Policy):
    margin: Positive


class Margin(StoppingPolicy):
    """Does what `do` does."""

    name = "margin"

    def __init__(self, do=lambda look, options: None):
        self.judge_with = do

    def judge(self, look, options):
        return self.judge_with(look, options)


RULE = PolicyRule(metric="loss", goal=Goal.MINIMIZE, policy="margin", options={"margin": 1})
TRIALS = [
    TrialProgress(key=key, running=True, succeeded=False, history={"loss": History([(1, value)])})
    for key, value in (("good", 1.0), ("bad", 9.0))
]


def asked(do, **more):
    return InstalledPolicies({"margin": Margin(do)}, FakePlatform("sweeps").call_blocking, **more)


async def test_a_policy_of_a_plugin_is_called_in_a_thread():
    found = []

    def judge(look, options):
        found.append((threading.current_thread() is threading.main_thread(), options))
        return Comparison(look.value, look.best(look.values)) if look.value > 5 else None

    (stop,) = await asked(judge).ends(RULE, TRIALS)
    assert (stop.key, stop.rule, stop.value, stop.against) == ("bad", "margin of loss at step 1", 9.0, 1.0)
    assert found == [(False, {"margin": 1})] * 2


async def test_a_policy_that_is_gone_says_so():
    with pytest.raises(PolicyFailed, match="'margin' is not installed any more"):
        await InstalledPolicies({}, FakePlatform("sweeps").call_blocking).ends(RULE, TRIALS)


@pytest.mark.parametrize(
    ("judge", "said"),
    [
        (lambda look, options: 1 / 0, "the policy 'margin' failed with ZeroDivisionError"),
        (lambda look, options: True, "the policy 'margin' failed with TypeError"),
        (lambda look, options: ("a", "b"), "the policy 'margin' failed with ValueError"),
        (lambda look, options: options["secret"], "the policy 'margin' failed with KeyError; the server's log"),
    ],
)
async def test_a_policy_that_fails_is_named_in_one_line(judge, said):
    with pytest.raises(PolicyFailed, match=re.escape(said)):
        await asked(judge).ends(RULE, TRIALS)


async def test_a_policy_that_does_not_come_back_holds_nobody_up_and_is_asked_again_once_it_has():
    gate, entered = threading.Event(), []

    def judge(look, options):
        entered.append(look)
        gate.wait()

    policies = asked(judge, deadline=0.01)
    try:
        for said in (*["no answer within 0.01 s"] * 3, "3 earlier calls have not come back yet"):
            with pytest.raises(PolicyFailed, match=re.escape(said)):
                await policies.ends(RULE, TRIALS)
    finally:
        gate.set()
    assert len(entered) <= 6, "three calls were made, each for both trials"

    async def answered():
        try:
            return await policies.ends(RULE, TRIALS) == []
        except PolicyFailed:
            return False

    await until(answered)


def test_a_rule_whose_policy_is_not_installed_is_a_problem():
    rules = [FailureShare(percent=50), MedianRule(metric="loss", goal=Goal.MINIMIZE), RULE]
    ours = InstalledPolicies(
        {each.name: each for each in sweeps_register_policies()}, FakePlatform("sweeps").call_blocking
    )
    (problem,) = ours.check(rules)
    assert "no policy 'margin'" in problem.message
    assert "median" in problem.message


@pytest.fixture
def _language(monkeypatch):
    """The operation language has the policy `margin`."""
    groups = {"trainyard.policy": [EntryPoint("margin", f"{__name__}:MarginPolicy", "trainyard.policy")]}
    monkeypatch.setattr(
        "trainyard.spec.installed.entry_points", lambda group: groups.get(group) or entry_points(group=group)
    )
    installed.POLICIES.forget()
    yield
    monkeypatch.undo()
    installed.POLICIES.forget()


def plugin(do):
    return {"margins": SimpleNamespace(sweeps_register_policies=hookimpl(lambda: [Margin(do)]))}


@pytest.mark.usefixtures("_language")
async def test_a_sweep_is_judged_by_the_policy_of_a_plugin(database_url, tmp_path):
    def judge(look, options):
        best = look.best(look.values)
        return Comparison(look.value, best) if look.value - best > options["margin"] else None

    async with served(database_url, tmp_path / "data", foreign=plugin(judge)) as web:
        sweep, (one, two) = await begin(web, policy("margin", margin=2), trials=2)
        await logged(web, one, 3.0, 2.0, 1.0)
        await logged(web, two, 9.0)
        assert await told_to_stop(web, two) == ("early_stopped", "margin of loss at step 1: 9 against 3")
        await ends(web, one)
        await ends(web, two, signal=15)
        assert (await ended(web, sweep))["status"] == "succeeded"


@pytest.mark.usefixtures("_language")
async def test_a_sweep_goes_on_without_a_policy_that_fails_and_says_so(database_url, tmp_path):
    async with served(database_url, tmp_path / "data", foreign=plugin(lambda look, options: 1 / 0)) as web:
        sweep, (one, two) = await begin(web, policy("margin", margin=2), trials=3)
        await logged(web, one, 1.0)
        await logged(web, two, 9.0)
        await ends(web, one)

        async def told():
            answer = (await web.ask("GET", f"{BASE}/{sweep}/why")).text
            return "early stopping is off: the policy 'margin' failed with ZeroDivisionError" in answer

        await until(told)
        await ends(web, two)
        (three,) = await next_running(web)
        await ends(web, three)
        over = await ended(web, sweep)
        assert (over["status"], over["message"]) == ("succeeded", "3 of 3 trials succeeded")


@pytest.mark.usefixtures("_language")
async def test_a_sweep_whose_policy_no_plugin_of_the_server_offers_is_refused(database_url, tmp_path):
    async with served(database_url, tmp_path / "data") as web:
        with pytest.raises(Invalid, match="no policy 'margin'"):
            await begin(web, policy("margin", margin=2), trials=2)


async def test_calls_do_not_wait_for_each_other():
    """Two sweeps have the same policy."""
    gate = threading.Barrier(2)
    policies = asked(lambda look, options: gate.wait(30) * 0 or None)
    await asyncio.gather(policies.ends(RULE, TRIALS), policies.ends(RULE, TRIALS))


def test_a_policy_that_hangs_does_not_keep_the_process_from_ending(tmp_path):
    program = tmp_path / "hangs.py"
    program.write_text(
        "import asyncio, threading\nfrom trainyard_core.testing.platform import FakePlatform\n"
        "async def main():\n    try:\n"
        "        await FakePlatform('sweeps').call_blocking('margin', threading.Event().wait, deadline=0.01)\n"
        "    except TimeoutError as error:\n        print(error)\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "no answer within 0.01 s\n")
