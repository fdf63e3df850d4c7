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
from trainyard.client.models.ask import AskTrials, NewSweep, SuggestedTrial, TellTrial, TrialBatch
from trainyard.client.models.attempt_stream import (
    MOST_FRAME,
    AttemptStream,
    NewAttemptStream,
    StreamFrame,
    StreamFrames,
)
from trainyard.client.models.change import (
    ACTIONS,
    Action,
    BulkAction,
    BulkOutcome,
    BulkResult,
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
    UsedComponent,
    UsedComponentPage,
)
from trainyard.client.models.connection import Connection, ConnectionCheck, ConnectionPage, NewConnection
from trainyard.client.models.diagnosis import Check, Diagnosis, UploadCheck
from trainyard.client.models.job import Job, JobPage
from trainyard.client.models.lineage import Lineage, RelatedRun
from trainyard.client.models.notification import (
    NewNotificationRule,
    NotificationRule,
    NotificationRulePage,
    NotificationTest,
)
from trainyard.client.models.number import on_wire
from trainyard.client.models.observer import FailedEvent, Observer, ObserverList
from trainyard.client.models.problem import FieldProblem, Problem
from trainyard.client.models.project import EditProject, NewProject, Project, ProjectPage
from trainyard.client.models.queue import EditQueue, Queue, QueueLimits, QueuePage
from trainyard.client.models.run import (
    Attempt,
    AttemptObservation,
    Blocker,
    CreateRun,
    Patch,
    RunPage,
    RunRecord,
    RunToken,
    Transition,
    TransitionPage,
    Why,
)
from trainyard.client.models.run_table import MetricColumn, RunTablePage
from trainyard.client.models.server import Plugin, PluginPage, Readiness, Setting, SettingPage, Version
from trainyard.client.models.sweep import Front, SweepLimit, SweepObjective, SweepRecord, TrialPage, TrialRecord
from trainyard.client.models.tracking import (
    FrameAck,
    LogLine,
    LogPage,
    Metric,
    MetricPage,
    ReadSeries,
    RunSeries,
    RunSeriesPage,
    Series,
    SeriesPage,
    TrackedEvent,
    TrackedEventPage,
)

__all__ = [
    "ACTIONS",
    "MOST_FRAME",
    "Action",
    "Activity",
    "ActivityPage",
    "Agent",
    "AgentPage",
    "Artifact",
    "ArtifactPage",
    "AskTrials",
    "Attempt",
    "AttemptObservation",
    "AttemptStream",
    "Blocker",
    "BulkAction",
    "BulkOutcome",
    "BulkResult",
    "Check",
    "CloneRun",
    "Component",
    "ComponentPage",
    "Connection",
    "ConnectionCheck",
    "ConnectionPage",
    "CreateRun",
    "Diagnosis",
    "EditAgent",
    "EditComponent",
    "EditPrincipal",
    "EditProject",
    "EditQueue",
    "EditRun",
    "Enrolment",
    "FailedEvent",
    "FieldProblem",
    "Folder",
    "FrameAck",
    "Front",
    "Job",
    "JobPage",
    "Lineage",
    "LogLine",
    "LogPage",
    "Member",
    "MemberPage",
    "Metric",
    "MetricColumn",
    "MetricPage",
    "NewAgent",
    "NewAttemptStream",
    "NewConnection",
    "NewNotificationRule",
    "NewPrincipal",
    "NewProject",
    "NewSweep",
    "NewToken",
    "NewUpload",
    "Note",
    "NotificationRule",
    "NotificationRulePage",
    "NotificationTest",
    "Observer",
    "ObserverList",
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
    "ReadSeries",
    "Readiness",
    "RegisterComponent",
    "RelatedRun",
    "RunPage",
    "RunRecord",
    "RunSeries",
    "RunSeriesPage",
    "RunTablePage",
    "RunToken",
    "Series",
    "SeriesPage",
    "Setting",
    "SettingPage",
    "StreamFrame",
    "StreamFrames",
    "SuggestedTrial",
    "SweepLimit",
    "SweepObjective",
    "SweepRecord",
    "TagRun",
    "TellTrial",
    "Token",
    "TokenPage",
    "TrackedEvent",
    "TrackedEventPage",
    "Transition",
    "TransitionPage",
    "TrialBatch",
    "TrialPage",
    "TrialRecord",
    "Upload",
    "UploadCheck",
    "UsedComponent",
    "UsedComponentPage",
    "Version",
    "Whoami",
    "Why",
    "on_wire",
]
