"""What crosses the HTTP API, as msgspec structs: one definition for the server that encodes and the client that
decodes. One module a noun; this package has all of their names.

Times are strings in RFC 3339 with `Z`. Numbers that are not finite travel as the strings "NaN", "Infinity" and
"-Infinity", and are floats once a client has read them. A client ignores fields that it does not know, so that an older
client reads a newer server. A page is `items` and `next`: the cursor that continues, null on the last page.
"""

from __future__ import annotations

from trainyard.client.models.access import (
    EditPrincipal,
    Member,
    MemberPage,
    NewPrincipal,
    NewToken,
    Principal,
    PrincipalPage,
    PutMember,
    Token,
    TokenPage,
    Whoami,
)
from trainyard.client.models.activity import Activity, ActivityPage
from trainyard.client.models.agent import Agent, AgentPage, EditAgent, Enrolment, NewAgent
from trainyard.client.models.artifact import Artifact, ArtifactPage, Folder, NewUpload, Upload
from trainyard.client.models.ask import Ask, Asked, AskedTrial, NewSweep, TellTrial
from trainyard.client.models.change import (
    ACTIONS,
    Action,
    BulkAction,
    BulkAnswer,
    BulkOutcome,
    CloneRun,
    EditRun,
    Note,
    TagRun,
)
from trainyard.client.models.component import (
    Component,
    ComponentPage,
    EditComponent,
    Preview,
    RegisterComponent,
    Uses,
    Using,
)
from trainyard.client.models.diagnosis import Check, Diagnosis, Received
from trainyard.client.models.lineage import Lineage, Related
from trainyard.client.models.number import on_wire
from trainyard.client.models.problem import Fault, Problem
from trainyard.client.models.project import EditProject, NewProject, Project, ProjectPage
from trainyard.client.models.queue import EditQueue, Queue, QueueLimits, QueuePage
from trainyard.client.models.run import (
    Attempt,
    Blocker,
    CreateRun,
    Patch,
    Run,
    RunPage,
    RunToken,
    Transition,
    TransitionPage,
    Why,
)
from trainyard.client.models.run_table import MetricColumn, RunTablePage
from trainyard.client.models.server import Plugin, PluginPage, Readiness, Setting, SettingPage, Version
from trainyard.client.models.sweep import Front, Sweep, SweepLimit, SweepObjective, Trial, TrialPage
from trainyard.client.models.tracking import Durable, LogLine, LogPage, Metric, MetricPage, Series, SeriesPage

__all__ = [
    "ACTIONS",
    "Action",
    "Activity",
    "ActivityPage",
    "Agent",
    "AgentPage",
    "Artifact",
    "ArtifactPage",
    "Ask",
    "Asked",
    "AskedTrial",
    "Attempt",
    "Blocker",
    "BulkAction",
    "BulkAnswer",
    "BulkOutcome",
    "Check",
    "CloneRun",
    "Component",
    "ComponentPage",
    "CreateRun",
    "Diagnosis",
    "Durable",
    "EditAgent",
    "EditComponent",
    "EditPrincipal",
    "EditProject",
    "EditQueue",
    "EditRun",
    "Enrolment",
    "Fault",
    "Folder",
    "Front",
    "Lineage",
    "LogLine",
    "LogPage",
    "Member",
    "MemberPage",
    "Metric",
    "MetricColumn",
    "MetricPage",
    "NewAgent",
    "NewPrincipal",
    "NewProject",
    "NewSweep",
    "NewToken",
    "NewUpload",
    "Note",
    "Patch",
    "Plugin",
    "PluginPage",
    "Preview",
    "Principal",
    "PrincipalPage",
    "Problem",
    "Project",
    "ProjectPage",
    "PutMember",
    "Queue",
    "QueueLimits",
    "QueuePage",
    "Readiness",
    "Received",
    "RegisterComponent",
    "Related",
    "Run",
    "RunPage",
    "RunTablePage",
    "RunToken",
    "Series",
    "SeriesPage",
    "Setting",
    "SettingPage",
    "Sweep",
    "SweepLimit",
    "SweepObjective",
    "TagRun",
    "TellTrial",
    "Token",
    "TokenPage",
    "Transition",
    "TransitionPage",
    "Trial",
    "TrialPage",
    "Upload",
    "Uses",
    "Using",
    "Version",
    "Whoami",
    "Why",
    "on_wire",
]
