"""The classes of a client's resources, for annotations: `client.runs` is `Runs`, or `AsyncRuns` of an `AsyncClient`."""

from __future__ import annotations

from trainyard.client._async.activity import AsyncActivities
from trainyard.client._async.agent import AsyncAgents
from trainyard.client._async.artifact import AsyncArtifacts
from trainyard.client._async.component import AsyncComponents
from trainyard.client._async.job import AsyncJobs
from trainyard.client._async.member import AsyncMembers
from trainyard.client._async.observer import AsyncObservers
from trainyard.client._async.project import AsyncProjects
from trainyard.client._async.queue import AsyncQueues
from trainyard.client._async.run import AsyncRuns
from trainyard.client._async.server import AsyncServer
from trainyard.client._async.sweep import AsyncSweeps
from trainyard.client._async.token import AsyncTokens
from trainyard.client._async.user import AsyncPrincipals
from trainyard.client._sync.activity import Activities
from trainyard.client._sync.agent import Agents
from trainyard.client._sync.artifact import Artifacts
from trainyard.client._sync.component import Components
from trainyard.client._sync.job import Jobs
from trainyard.client._sync.member import Members
from trainyard.client._sync.observer import Observers
from trainyard.client._sync.project import Projects
from trainyard.client._sync.queue import Queues
from trainyard.client._sync.run import Runs
from trainyard.client._sync.server import Server
from trainyard.client._sync.sweep import Sweeps
from trainyard.client._sync.token import Tokens
from trainyard.client._sync.user import Principals

__all__ = [
    "Activities",
    "Agents",
    "Artifacts",
    "AsyncActivities",
    "AsyncAgents",
    "AsyncArtifacts",
    "AsyncComponents",
    "AsyncJobs",
    "AsyncMembers",
    "AsyncObservers",
    "AsyncPrincipals",
    "AsyncProjects",
    "AsyncQueues",
    "AsyncRuns",
    "AsyncServer",
    "AsyncSweeps",
    "AsyncTokens",
    "Components",
    "Jobs",
    "Members",
    "Observers",
    "Principals",
    "Projects",
    "Queues",
    "Runs",
    "Server",
    "Sweeps",
    "Tokens",
]
