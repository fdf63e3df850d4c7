"""Which client this is, as every request tells the server. Standard library only."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version

__all__ = ["API", "HEADER", "ours", "told"]

API = "v1"
HEADER = "X-Trainyard-Client"


@cache
def ours() -> str:
    """The version of the distribution `trainyard`; `0` where it is not installed as one."""
    try:
        return version("trainyard")
    except PackageNotFoundError:
        return "0"


@cache
def told() -> str:
    """The header's value: the client's version and the API that it speaks."""
    return f"{ours()}; api={API}"
