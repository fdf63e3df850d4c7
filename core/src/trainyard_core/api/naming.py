"""Which names things may have."""

from __future__ import annotations

import re

from trainyard_core.errors import Invalid

__all__ = ["check_name"]

_NAME = re.compile(r"[a-zA-Z0-9][-a-zA-Z0-9_.]{0,63}")


def check_name(kind: str, name: str) -> None:
    """Raises Invalid for what cannot be the name of such a thing."""
    if not _NAME.fullmatch(name):
        raise Invalid(
            f"'{name[:80]}' cannot be the name of a {kind}",
            fix="use letters, digits, '-', '_' and '.', starting with a letter or digit, at most 64",
        )
