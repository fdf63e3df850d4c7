"""The operation language: reading a file and checking it, with every problem at its place.

`load` turns text into a `Document`, `check` turns a document into an `Operation`; compiling is `trainyard.compile`.
The names below load what they need on first use, so that importing this package costs nothing.
"""

from __future__ import annotations

from importlib import import_module

_HOME = {
    "Document": "document",
    "Finding": "error",
    "Operation": "operation",
    "SpecError": "error",
    "json_schema": "schema",
    "load_file": "load",
    "load_text": "load",
    "parse_operation": "check",
}

__all__ = [
    "Document",
    "Finding",
    "Operation",
    "SpecError",
    "json_schema",
    "load_file",
    "load_text",
    "parse_operation",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
