"""The commands of `yard` by section: where each is, and its help in one line. The list is what `yard --help` prints, so
that it loads no command.

`up` and `agent` are commands of core. They stand here with their help, since core is not loaded for a list either;
without core they say how to get it."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["COMMANDS", "SECTIONS", "SERVER_COMMANDS", "SERVER_PACKAGE", "SERVER_SECTION", "Entry"]


class Entry(NamedTuple):
    """A command: `module:attribute` below `trainyard.cli`, and its help in one line."""

    place: str
    help: str


SECTIONS: dict[str, dict[str, Entry]] = {
    "Run": {
        "run": Entry("run:run", "Run a command, an operation file or a registered component."),
        "stop": Entry("actions:stop", "Stop runs."),
        "restart": Entry("clones:restart", "Run the operation of runs again, with other params if they are given."),
        "resume": Entry(
            "clones:resume",
            "Continue runs that have ended, with their outputs, artifacts and one chart.",
        ),
        "copy": Entry("clones:copy", "Run the operation of runs again, beginning with the artifacts of the old ones."),
        "approve": Entry("actions:approve", "Approve runs that are held for approval."),
        "skip": Entry("actions:skip", "Skip runs that no agent has taken yet."),
        "lint": Entry("lint:lint", "Check operation files without a server."),
    },
    "Look": {
        "ls": Entry("ls:ls", "List runs, newest first."),
        "get": Entry("runs:get", "Show one run."),
        "logs": Entry("logs:logs", "Print what a run wrote."),
        "metrics": Entry("metrics:metrics", "Show the metrics of a run."),
        "events": Entry("events:events", "Show what a run recorded beside values and lines."),
        "compare": Entry("compare:compare", "Compare runs side by side and show what differs."),
        "watch": Entry("watch:watch", "Show events of a project or a run as they happen."),
        "top": Entry("top:top", "Show live runs and the resources that they use, refreshed."),
        "exec": Entry("attempt_stream:execute", "Run a program where a live run runs."),
        "proxy": Entry("attempt_stream:proxy", "Lead a port of this machine to a port of a live run."),
        "why": Entry("runs:why", "Explain the status of a run and what it waits for."),
    },
    "Change": {
        "edit": Entry(
            "clones:edit",
            "Change the name and tags of a run, and while it waits its queue and priority.",
        ),
        "tag": Entry("actions:tag", "Add tags to runs and remove them."),
        "archive": Entry("actions:archive", "Put runs into the archive; nothing else about them changes."),
        "restore": Entry("actions:restore", "Take runs out of the archive."),
        "delete": Entry("actions:delete", "Delete runs that have ended, for good, with all that they tracked."),
    },
    "Files": {
        "artifacts": Entry("artifacts:artifacts", "List, get, put and remove the files of runs."),
        "sync": Entry("sync:sync", "Send what runs recorded while no server was reachable."),
    },
    "Sweeps and components": {
        "sweep": Entry(
            "sweep:sweep",
            "Show a sweep: its trials, the best one, and the Pareto front.",
        ),
        "components": Entry("components:components", "Register components by name and version, and look them up."),
        "presets": Entry("components:presets", "Register presets by name and version, and look them up."),
    },
    "Deployment": {
        "projects": Entry("projects:projects", "List, create and change projects."),
        "members": Entry("members:members", "List and change who has which role in a project (-p)."),
        "users": Entry("users:users", "List, add and change people."),
        "service-accounts": Entry("users:service_accounts", "List, add and change programs with tokens of their own."),
        "tokens": Entry("tokens:tokens", "List, make and revoke tokens."),
        "queues": Entry("queues:queues", "List and change queues."),
        "connections": Entry("connections:connections", "List, add and check connections."),
        "notify": Entry("notify:notify", "List, write and try a project's rules of notifications (-p)."),
        "agents": Entry("agents:agents", "List, add, drain and remove agents."),
        "lost": Entry("agents:lost", "Give up a live run whose agent will not come back."),
        "jobs": Entry("jobs:jobs", "List background jobs, and retry those that failed."),
        "observers": Entry("observers:observers", "List observers of plugins, and retry the events that they gave up."),
        "plugins": Entry("plugins:plugins", "List the server's plugins; write and check your own."),
        "settings": Entry("server:settings", "Show the server's settings and where each comes from."),
    },
    "This machine": {
        "login": Entry("login:login", "Store a token for a server and use that server from now on."),
        "logout": Entry("login:logout", "Forget the token of a server: URL, or the one logged in to last."),
        "whoami": Entry("login:whoami", "Show who you are at the server and what you may do there."),
        "doctor": Entry(
            "doctor:doctor",
            "Check every part between here and your data, and explain failures.",
        ),
        "completion": Entry(
            "completion:completion",
            "Print the script that completes commands, options and names in a shell.",
        ),
        "version": Entry("server:version", "Print the versions of this command and of the server."),
    },
}
"""The commands in the order in which they are listed."""

SERVER_PACKAGE, SERVER_SECTION = "trainyard-core", "Deployment"
SERVER_COMMANDS = {
    "up": "Serve Trainyard from this machine until interrupted.",
    "agent": "Run what a server elsewhere schedules, until interrupted.",
}
"""The commands of the package of the server, in that section."""

COMMANDS = {name: entry for section in SECTIONS.values() for name, entry in section.items()}
