"""Compiling an operation: from what a person wrote to what a scheduler runs, without looking anything up.

The names below load what they need on first use, so that importing this package costs nothing.
"""

from __future__ import annotations

from importlib import import_module

_HOME = {
    "Code": "resolved",
    "CompiledOperation": "operation",
    "Library": "reference",
    "OutputType": "resolved",
    "Reference": "reference",
    "ReferenceUse": "reference",
    "ResolvedOperation": "resolved",
    "ResolvedReference": "reference",
    "Resources": "resolved",
    "TOKENS": "context",
    "TrialCompiler": "operation",
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
    "CompiledOperation",
    "Library",
    "OutputType",
    "Reference",
    "ReferenceUse",
    "ResolvedOperation",
    "ResolvedReference",
    "Resources",
    "TrialCompiler",
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
