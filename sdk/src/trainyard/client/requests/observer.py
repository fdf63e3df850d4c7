"""Requests about observers."""

from __future__ import annotations

from trainyard.client.models import Observer, ObserverList
from trainyard.client.requests.path import change
from trainyard.client.wire import Request, path_of

__all__ = ["delete_observer", "get_observer", "list_observers", "retry_observer"]


def list_observers() -> Request[ObserverList]:
    return Request("GET", path_of("observers"), ObserverList)


def get_observer(plugin: str, name: str) -> Request[Observer]:
    return Request("GET", path_of("observers", plugin, name), Observer)


def retry_observer(plugin: str, name: str, *, key: str = "") -> Request[Observer]:
    return change("POST", path_of("observers", plugin, name, "retry"), Observer, key=key)


def delete_observer(plugin: str, name: str, *, key: str = "") -> Request[None]:
    return change("DELETE", path_of("observers", plugin, name), type(None), key=key)
