"""What the contracts' nouns do by themselves: refuse what is wrong, survive JSON, hide secrets, merge needs."""

from __future__ import annotations

import copy
import pickle

import msgspec
import pytest

from trainyard.matrix.objective import Goal, Limit, Objective
from trainyard.matrix.space import Choice, Linear, Space, Uniform
from trainyard_core.contracts.ci import CiRequest, GitEvent, PullRequest, PullRequestAction, Push, Repository, Tag
from trainyard_core.contracts.connection import Connection
from trainyard_core.contracts.needs import (
    HostFolder,
    InitStep,
    Mount,
    Needs,
    NeedsClash,
    Scratch,
    SecretFiles,
    Sidecar,
    Volume,
    merge,
)
from trainyard_core.contracts.optimizer import (
    IntermediateValue,
    Study,
    Suggestion,
    Suggestions,
    SupportsEarlyStopping,
    Trial,
    TrialPhase,
)
from trainyard_core.contracts.secret import Secret, SecretRef

CANARY = "hunter2-canary"
PARAMS = {"optimizer": Choice(values=("adam", "sgd")), "lr": Uniform(low=1e-5, high=1.0, log=True)}


def there_and_back(value, kind):
    return msgspec.json.decode(msgspec.json.encode(value), type=kind)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (
            Study(
                space=Space(params=PARAMS, constraints=(Linear(terms={"lr": 1.0}, at_most=100),)),
                objectives=(Objective(name="loss", goal=Goal.MINIMIZE),),
                limits=(Limit(name="memory", at_most=8.0),),
                options={"eta": 3},
            ),
            Study,
        ),
        (
            Trial(
                key="7",
                params={"lr": 0.1},
                phase=TrialPhase.RUNNING,
                intermediate=(IntermediateValue("loss", 3, 0.5),),
            ),
            Trial,
        ),
        (Suggestions(suggestions=(Suggestion(params={"lr": 0.1}, note="n"),), state=b"\x00\xff"), Suggestions),
        (Push(delivery="1", repository="o/r", actor="me", sha="a1", branch="main"), GitEvent),
        (Tag(delivery="1", repository="o/r", actor="me", sha="a1", name="v1"), GitEvent),
        (
            PullRequest(
                delivery="1",
                repository="o/r",
                actor="me",
                sha="a1",
                number=4,
                action=PullRequestAction.OPENED,
                base="main",
                base_sha="b2",
                fork=True,
            ),
            GitEvent,
        ),
        (
            Needs(
                owner="tracker 's3'",
                env={"A": "1"},
                secret_env={"B": SecretRef(source="vault", name="s3", key="password")},
                mounts=(
                    Mount(path="/a", source=HostFolder(path="/srv")),
                    Mount(path="/b", source=Volume(name="data", part="x"), read_only=False),
                    Mount(path="/c", source=SecretFiles(files={"id": SecretRef(source="vault", name="git", key="id")})),
                    Mount(path="/d", source=Scratch(size=1, in_memory=True)),
                ),
                init=(InitStep(name="i", command=("true",)),),
                sidecars=(Sidecar(name="s", command=("true",), image="busybox"),),
            ),
            Needs,
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, msgspec.Struct) else "",
)
def test_a_struct_comes_back_from_json_as_it_was(value, kind):
    assert there_and_back(value, kind) == value


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Mount(path="/", source=Scratch()), "is empty"),
        (lambda: Mount(path="/a/../etc", source=Scratch()), "'..'"),
    ],
)
def test_what_is_wrong_is_refused_with_what_to_do(make, says):
    with pytest.raises((ValueError, TypeError)) as refused:
        make()
    assert says in str(refused.value)


def test_optional_powers_are_found_by_their_methods():
    class Judge:
        async def judge(self, study, *, changed, seed, state): ...

    assert isinstance(Judge(), SupportsEarlyStopping)
    assert not isinstance(object(), SupportsEarlyStopping)


def test_no_repr_shows_a_secret():
    secret, ref = Secret(CANARY), SecretRef(source="vault", name="s3", key=CANARY)
    owned = Needs(owner="tracker 's3'", env={"A": CANARY}, secret_env={"B": ref})
    shown = [
        secret,
        ref,
        owned,
        merge([owned]),
        Connection(name="data", kind="s3", fields={"url": CANARY}, secrets={"key": ref}),
        Repository(url="https://git.example", name="o/r", credential=secret),
        CiRequest(headers={"x-token": CANARY}, body=CANARY.encode()),
    ]
    for value in shown:
        assert CANARY not in f"{value!r} {value} {value:}"
    assert secret.reveal() == CANARY
    assert "vault" in repr(ref)


@pytest.mark.parametrize("leak", [msgspec.json.encode, pickle.dumps, copy.copy, copy.deepcopy])
def test_a_secret_cannot_be_written_down(leak):
    with pytest.raises(TypeError) as refused:
        leak(Repository(url="https://git.example", name="o/r", credential=Secret(CANARY)).credential)
    assert CANARY not in str(refused.value)


def test_needs_of_several_owners_become_one_in_order():
    ref = SecretRef(source="vault", name="s3", key="password")
    data = Mount(path="/data", source=Volume(name="data"))
    first = Needs(owner="a", env={"X": "1"}, secret_env={"P": ref}, mounts=(data,), init=(_init("one"),))
    second = Needs(owner="b", env={"Y": "2"}, init=(_init("two"),), sidecars=(_sidecar("ship"),))
    merged = merge([first, second])
    assert (merged.env, merged.secret_env) == ({"X": "1", "Y": "2"}, {"P": ref})
    assert merged.mounts == (data,)
    assert [step.name for step in merged.init] == ["one", "two"]
    assert [sidecar.name for sidecar in merged.sidecars] == ["ship"]


def test_nothing_is_needed_by_nobody():
    assert merge([]) == merge([Needs(owner="a")])


def test_the_same_need_of_two_owners_is_there_once():
    def stated(owner, path):
        mount = Mount(path=path, source=Volume(name="data"))
        return Needs(owner=owner, env={"X": "1"}, mounts=(mount,), init=(_init("one"),))

    merged = merge([stated("a", "/data"), stated("b", "//data/./")])
    assert merged == merge([stated("a", "/data")])


@pytest.mark.parametrize(
    ("mine", "theirs", "says"),
    [
        ({"env": {"X": CANARY}}, {"env": {"X": "2"}}, "environment variable 'X'"),
        (
            {"env": {"X": CANARY}},
            {"secret_env": {"X": SecretRef(source="vault", name="s", key="k")}},
            "environment variable 'X'",
        ),
        (
            {"mounts": (Mount(path="/data", source=Volume(name="a")),)},
            {"mounts": (Mount(path="/data/", source=Volume(name="b")),)},
            "mount at '/data'",
        ),
        (
            {"mounts": (Mount(path="/data", source=Volume(name="a")),)},
            {"mounts": (Mount(path="/data", source=Volume(name="a"), read_only=False),)},
            "mount at '/data'",
        ),
        (
            {"init": (InitStep(name="fetch", command=("a",)),)},
            {"init": (InitStep(name="fetch", command=("b",)),)},
            "init step or sidecar 'fetch'",
        ),
        (
            {"init": (InitStep(name="fetch", command=("a",)),)},
            {"sidecars": (Sidecar(name="fetch", command=("a",)),)},
            "init step or sidecar 'fetch'",
        ),
    ],
)
def test_a_clash_names_the_thing_and_both_owners_and_no_value(mine, theirs, says):
    with pytest.raises(NeedsClash) as clash:
        merge([Needs(owner="tracker 's3'", **mine), Needs(owner="bystander"), Needs(owner="connection 'x'", **theirs)])
    message = str(clash.value)
    assert message.startswith(f"tracker 's3' and connection 'x' both want {says}")
    assert CANARY not in message
    assert "bystander" not in message


def test_an_owner_that_contradicts_itself_is_named_once():
    owner = Needs(owner="connection 'x'", init=(_init("one"),), sidecars=(_sidecar("one"),))
    with pytest.raises(NeedsClash, match="connection 'x' wants init step or sidecar 'one' twice"):
        merge([owner])


def _init(name):
    return InitStep(name=name, command=("true",))


def _sidecar(name):
    return Sidecar(name=name, command=("true",))
