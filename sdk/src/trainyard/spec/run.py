"""Run kinds: what `run` of a component may be.

`job` runs a container. A plugin adds a kind of run: it subclasses `DirectedRun`, for one that plans child runs, or
`ScheduledRun`, for one that a scheduler runs, with the kind's own fields, and names the class in the entry point group
`trainyard.runs`, by the kind. Its director or scheduler is told the fields as `ResolvedOperation.spec`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, JsonValue, SerializeAsAny, model_validator

from trainyard.spec.container import AuxiliaryContainer, Container
from trainyard.spec.family import Family, member_of
from trainyard.spec.model import Later, Model, Priority, Texts, is_template, problem
from trainyard.spec.workload import WorkloadSpec

__all__ = [
    "PLACEMENT",
    "UNSUPPORTED",
    "AnyRun",
    "DirectedRun",
    "Environment",
    "Git",
    "InitStep",
    "InstalledRun",
    "Job",
    "RunKind",
    "ScheduledRun",
    "TemplatedRun",
    "run_model",
]

PLACEMENT = "remove it; `queue` chooses where a run goes"
UNSUPPORTED = frozenset(
    (
        "service",
        "dag",
        "tfjob",
        "pytorchjob",
        "mpijob",
        "raycluster",
        "daskcluster",
        "notifier",
        "tuner",
        "cleaner",
        "watchdog",
        "builder",
    )
)
"""Run kinds of the language that this version does not act on, unless a plugin offers one."""


class RunKind(Family):
    """What `run` is."""

    noun: ClassVar[str] = "run"
    elsewhere: ClassVar[str] = "or install the plugin that offers it"

    @classmethod
    def members(cls) -> Iterable[str]:
        from trainyard.spec.installed import RUNS

        return ("job", *RUNS.names())

    @classmethod
    def member(cls, kind: str) -> type[Model] | None:
        if kind == "job":
            return Job
        from trainyard.spec.installed import RUNS

        found = RUNS.find(kind)
        if found is None and kind in UNSUPPORTED:
            raise problem(f"the run kind `{kind}` is known but not acted on by this version", "use `job`")
        return found


class Git(Model):
    """A revision of a repository. Without a `url` it is that of the step's connection; `flags` are for `git fetch`."""

    url: str | None = None
    revision: str | None = None
    flags: Texts = ()


class InitStep(Model):
    """What is done before the command: code is fetched by `git`, with the credential of a `connection` if it needs one,
    or a `container` runs to its end."""

    later: ClassVar[Later] = {
        **dict.fromkeys(("artifacts", "paths", "lineageRef", "modelRef", "artifactRef"), "fetch it in a `container`"),
        **dict.fromkeys(("dockerfile", "file", "tensorboard"), "do it in a `container`"),
    }

    connection: str | None = None
    git: Git | None = None
    path: str | None = None
    container: AuxiliaryContainer | None = None

    @model_validator(mode="after")
    def _one(self) -> InitStep:
        brings_code = self.git is not None or self.connection is not None
        if brings_code == (self.container is not None):
            raise problem(
                "an init step is one thing", "write `git`, `connection` (with or without `git`) or `container`"
            )
        if self.connection is None and self.git is not None:
            if self.git.url is None:
                raise problem(
                    "`git` without a `url` needs a `connection`", "write `url`, or name a connection beside it"
                )
            if self.git.flags:
                raise problem("`flags` are acted on with a `connection` only", "remove them, or name a connection")
        if self.connection is None and self.path is not None:
            raise problem("`path` is acted on with a `connection` only", "remove it: the code is the working directory")
        return self


class Environment(Model):
    later: ClassVar[Later] = dict.fromkeys(
        (
            "affinity",
            "annotations",
            "dnsConfig",
            "dnsPolicy",
            "hostAliases",
            "hostNetwork",
            "hostPID",
            "imagePullSecrets",
            "labels",
            "nodeName",
            "nodeSelector",
            "priorityClassName",
            "restartPolicy",
            "schedulerName",
            "securityContext",
            "serviceAccountName",
            "tolerations",
        ),
        PLACEMENT,
    )

    priority: Priority | None = None


class Job(RunKind):
    later: ClassVar[Later] = {
        "volumes": "give paths as inputs",
        "ports": "remove it: services are not run yet",
    }

    container: Container | None = None
    environment: Environment | None = None
    connections: tuple[str, ...] = ()
    init: tuple[InitStep, ...] = ()
    sidecars: tuple[AuxiliaryContainer, ...] = ()


class InstalledRun(RunKind):
    """A run of a kind that a plugin adds. A subclass has the kind's own fields; its validators say what is wrong with
    them. Texts may be templates: the fields are validated once these have been evaluated."""

    def spec(self) -> dict[str, object]:
        """What its director or scheduler is told, as plain data: the kind's own fields, by the names of the file."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"kind"})


class DirectedRun(InstalledRun):
    """A run that plans child runs, through the director of its kind."""


class ScheduledRun(InstalledRun):
    """A run that is no `job` and that a scheduler runs, which knows its kind."""

    def workload(self) -> WorkloadSpec:
        """Return what it comes to. Raise ValueError for what its fields, together, cannot be. Pure."""
        raise NotImplementedError


class TemplatedRun(RunKind):
    """A run of a plugin's kind whose fields hold templates, as it is written."""

    fields: dict[str, JsonValue]

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, value: object) -> object:
        """From the mapping of a file, which has any fields."""
        assert isinstance(value, Mapping)
        return {"kind": value["kind"], "fields": {name: each for name, each in value.items() if name != "kind"}}


def run_model(value: object) -> type[Model]:
    """The model of a run as it is written: that of its kind, or while there are templates in a plugin's kind
    `TemplatedRun`. Raises a problem."""
    member = member_of(RunKind, value)
    return TemplatedRun if issubclass(member, InstalledRun) and _has_template(value) else member


def _read(value: object) -> object:
    return value if isinstance(value, RunKind) else run_model(value).model_validate(value)


def _has_template(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_template, value.values()))
    return any(map(_has_template, value)) if isinstance(value, list) else is_template(value)


AnyRun = Annotated[SerializeAsAny[RunKind], BeforeValidator(_read, json_schema_input_type=RunKind)]
