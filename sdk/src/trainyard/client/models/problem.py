"""Errors as they cross the API."""

from __future__ import annotations

import msgspec

__all__ = ["FieldProblem", "Problem"]


class FieldProblem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that is wrong with the input: where (file, line, column, field), what, and what to do instead."""

    message: str
    field: str = ""
    file: str = ""
    line: int = 0
    column: int = 0
    fix: str = ""


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Every error of the API (RFC 9457, application/problem+json). `code` is stable and meant for programs;
    `retryable` tells whether the same request may succeed later."""

    type: str
    title: str
    status: int
    code: str
    detail: str = ""
    fix: str = ""
    retryable: bool = False
    problems: list[FieldProblem] = []
