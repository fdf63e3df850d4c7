"""Compiling an operation: from what a person wrote to what a scheduler runs, without looking anything up.

The names below load what they need on first use, so that importing this package costs nothing.
"""

from __future__ import annotations

from importlib import import_module

_HOME = {
    "Code": "resolved",
    "Compiled": "operation",
    "Found": "reference",
    "Library": "reference",
    "OutputType": "resolved",
    "Reference": "reference",
    "ResolvedOperation": "resolved",
    "Resources": "resolved",
    "TOKENS": "context",
    "Trials": "operation",
    "Use": "reference",
    "canonical_json": "resolved",
    "compile_operation": "operation",
    "compile_whole": "operation",
    "decode_resolved": "resolved",
    "digest": "resolved",
    "example_globals": "context",
    "wanted": "reference",
}

__all__ = [
    "TOKENS",
    "Code",
    "Compiled",
    "Found",
    "Library",
    "OutputType",
    "Reference",
    "ResolvedOperation",
    "Resources",
    "Trials",
    "Use",
    "canonical_json",
    "compile_operation",
    "compile_whole",
    "decode_resolved",
    "digest",
    "example_globals",
    "wanted",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
