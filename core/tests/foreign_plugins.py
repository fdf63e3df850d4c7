"""Foreign plugins beside ours: each is installed as a distribution of its own, under a name that sorts before or after
those of ours."""

from __future__ import annotations

from itertools import count
from types import SimpleNamespace

from trainyard_core.auth import Actor
from trainyard_core.hookspecs import SchedulerProvider, TrackerProvider, hookimpl
from trainyard_core.registry import Registry
from trainyard_core.testing.distributions import install

__all__ = ["IMPORTS", "NUMBERS", "OURS", "allowing", "is_whole", "load_beside", "offering"]

OURS = ["scheduler_process", "tracker_folder"]
IMPORTS = "from trainyard_core.hookspecs import *\n"
NUMBERS = count()


def offering(schedulers=(), trackers=()):
    return SimpleNamespace(
        register_schedulers=hookimpl(lambda: [SchedulerProvider(name=n, build=lambda c: c) for n in schedulers]),
        register_trackers=hookimpl(lambda: [TrackerProvider(name=n, build=lambda c: c) for n in trackers]),
    )


def allowing(plugins, **asked):
    given = {"actor": Actor(name="user:ada"), "action": "read", "project": "p", "run": "", "agent": "", **asked}
    return plugins.requests.authorize(**given)


def load_beside(site, name, source, **settings):
    """A registry of ours and of a plugin of this source; and the plugin's name."""
    install(site, name, IMPORTS + source, module=f"foreign_{next(NUMBERS)}")
    return Registry.load([*OURS, name], **settings), name


def is_whole(plugins):
    """Whether ours are there as ever."""
    return (
        all(plugins.plugins[name].error == "" for name in OURS)
        and plugins.schedulers.get("process")[0] == "scheduler_process"
        and plugins.trackers.get("folder")[0] == "tracker_folder"
    )
