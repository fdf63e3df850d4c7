"""The ways in which a look ends."""

from __future__ import annotations

from trainyard.client.models import Check

__all__ = ["failed", "named", "ok", "skipped", "warning"]


def ok(detail: str) -> Check:
    """All is well."""
    return Check(name="", state="ok", detail=detail)


def warning(detail: str, fix: str) -> Check:
    """It works, and may not for long."""
    return Check(name="", state="warning", detail=detail, fix=fix)


def failed(detail: str, fix: str) -> Check:
    """It does not work."""
    return Check(name="", state="failed", detail=detail, fix=fix)


def skipped(detail: str) -> Check:
    """It was not looked at, or there is nothing to look at."""
    return Check(name="", state="skipped", detail=detail)


def named(check: Check, name: str) -> Check:
    """A check of that hop."""
    return Check(name=name, state=check.state, detail=check.detail, fix=check.fix, milliseconds=check.milliseconds)
