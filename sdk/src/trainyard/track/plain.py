"""What a program hands to `log_params` and its kin, as plain JSON: copied at the call, and never an error.

Numbers of array libraries become numbers, small arrays become lists, paths and everything unknown become text.
NaN and infinities become the strings that the API uses for them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

__all__ = ["plain", "plain_mapping"]

_DEEPEST = 32
_LONGEST = 64 * 1024


def plain_mapping(values: Mapping[Any, Any]) -> dict[str, Any]:
    """A mapping with text for keys and plain values."""
    return {str(key): plain(value) for key, value in values.items()}


def plain(value: Any, depth: int = 0) -> Any:
    """A copy of `value` of JSON's types. Text is cut after 64 Ki characters, nesting after 32 levels."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        return int(value) if -(2**63) <= value < 2**64 else str(value)
    if isinstance(value, float):
        return _number(float(value))
    if depth >= _DEEPEST:
        return _text(repr(type(value)))
    if isinstance(value, Mapping):
        return {_text(str(key)): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item, depth + 1) for item in value]
    return _foreign(value, depth)


def _foreign(value: Any, depth: int) -> Any:
    """Arrays and their scalars by `tolist` or `item`, everything else by `str`."""
    for name in ("tolist", "item"):
        convert = getattr(value, name, None)
        if callable(convert):
            return plain(convert(), depth + 1)
    return _text(str(value))


def _number(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")


def _text(value: str) -> str:
    return value[:_LONGEST].encode("utf-8", "replace").decode()
