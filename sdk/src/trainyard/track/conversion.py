"""What a program hands to `log_params` and its kin, as plain JSON: copied at the call, and never an error.

Each value is converted on its own, so none costs another. Numbers of array libraries become numbers, small arrays
become lists, types and functions their names, paths and everything unknown text. NaN and infinities become the strings
that the API uses for them. A value that cannot be converted, or is too long, becomes text that is cut, and it is said
which.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from trainyard.names import VALUE_BYTES, VALUE_CHARS, storable

__all__ = ["detached", "named", "no_number", "pieces", "plain", "plain_mapping", "text"]

_DEEPEST = 32
_ELEMENTS = 10_000
_KEY_CHARS = 1024
_PIECE = 512 * 1024


def named(values: object) -> Mapping[Any, Any]:
    """What was given as named values: a mapping, or an object with attributes, such as argparse's Namespace. Raises
    TypeError."""
    if isinstance(values, Mapping):
        return values
    try:
        return dict(vars(values))
    except TypeError:
        raise TypeError(f"names and values are needed, as in {{'lr': 0.1}}, not {_type_name(values)}") from None


def text(value: object) -> str:
    """A value as text; None is none."""
    return "" if value is None else _safe_text(value)


def plain_mapping(values: Mapping[Any, Any], told: Callable[[str, str], None]) -> dict[str, Any]:
    """A mapping with text for keys and plain values. `told` hears the key of each value that is not wholly recorded,
    and why."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        name = _safe_text(key)[:_KEY_CHARS]
        found[name], why = _one(value)
        if why:
            told(name, why)
    return found


def pieces(values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Plain values in groups, each small enough for one event that every proxy lets pass."""
    group: dict[str, Any] = {}
    size = 0
    for key, value in values.items():
        more = len(json.dumps({key: value}, ensure_ascii=False).encode())
        if group and size + more > _PIECE:
            yield group
            group, size = {}, 0
        group[key] = value
        size += more
    if group:
        yield group


def plain(value: Any) -> Any:
    """One plain value."""
    return _one(value)[0]


def detached(value: Any) -> Any:
    """A tensor without its gradient, which would warn when it becomes a number; anything else as it is."""
    detach = getattr(value, "detach", None)
    return detach() if callable(detach) and not isinstance(value, type) else value


def no_number(value: object, error: Exception) -> str:
    """Why a value whose conversion to a number raised `error` is none, and what to do instead."""
    if isinstance(value, str | bytes | bytearray):
        return "text is no number; use log_outputs or log_tags for it"
    if value is None:
        return "None is no number"
    name = type(value).__name__
    if isinstance(value, Mapping):
        return f"{_with_article(name)} is no number; log its values by names of their own"
    if isinstance(value, list | tuple | set | frozenset):
        return f"{_with_article(name)} of {_counted(len(value))} is no number"
    if (count := _elements(value)) != 1:
        return f"an array of {_counted(count)} is no number"
    if not isinstance(error, TypeError) or hasattr(value, "__float__"):
        return _safe_text(error) or name
    advice = "; save it and call log_file" if hasattr(value, "save") or hasattr(value, "savefig") else ""
    return f"{_with_article(name)} is no number{advice}"


def _with_article(noun: str) -> str:
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def _counted(count: int) -> str:
    return "1 value" if count == 1 else f"{count} values"


def _one(value: Any) -> tuple[Any, str]:
    """The plain value, and why it is not wholly recorded; empty when it is."""
    conversion = _Conversion()
    found = conversion.of(value)
    encoded = json.dumps(found, ensure_ascii=False)
    if len(encoded.encode()) <= VALUE_BYTES:
        return found, conversion.why
    return encoded[:VALUE_CHARS], f"recorded as text and cut: it is over {VALUE_BYTES} bytes as JSON"


class _Conversion:
    """The conversion of one value with all that is in it. `why` tells what of it could not be converted."""

    def __init__(self) -> None:
        self.why = ""

    def of(self, value: Any, depth: int = 0) -> Any:
        """The plain value. What cannot be converted becomes text, and what is around it stays."""
        try:
            return self._converted(value, depth)
        except Exception as error:
            self.why = self.why or f"recorded as text: {_safe_text(error) or _type_name(error)}"
            return _safe_text(value)[:VALUE_CHARS]

    def _text(self, text: str) -> str:
        if len(text) > VALUE_CHARS:
            self.why = self.why or f"cut: it has {len(text)} characters, {VALUE_CHARS} are kept"
        return storable(text, VALUE_CHARS)

    def _converted(self, value: Any, depth: int) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, int):
            return int(value) if -(2**63) <= value < 2**64 else str(value)
        if isinstance(value, float):
            return _number(float(value))
        if depth >= _DEEPEST:
            raise ValueError(f"it has more than {_DEEPEST} levels")
        if isinstance(value, Mapping):
            return {_safe_text(key)[:_KEY_CHARS]: self.of(item, depth + 1) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.of(item, depth + 1) for item in value]
        return self._foreign(value, depth)

    def _foreign(self, value: Any, depth: int) -> Any:
        """Types and functions by name, small arrays and their scalars by `tolist` or `item`, all else by `str`."""
        name = getattr(value, "__qualname__", None)
        if isinstance(name, str):
            return f"{value.__module__}.{name}"
        if _elements(value) <= _ELEMENTS:
            for method in ("tolist", "item"):
                convert = getattr(detached(value), method, None)
                if callable(convert):
                    return self._converted(convert(), depth + 1)
        return self._text(str(value))


def _elements(value: Any) -> int:
    """How many elements an array has; 1 for what is none."""
    shape = getattr(value, "shape", ())
    return math.prod(shape) if isinstance(shape, tuple) else 1


def _number(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")


def _safe_text(value: Any) -> str:
    """A value as text, whatever its own conversion does."""
    for convert in (str, _type_name):
        try:
            said = convert(value)
            return storable(said, len(said))
        except Exception:  # noqa: S112 - the next way is tried; the last one cannot fail
            continue
    return "?"


def _type_name(value: Any) -> str:
    return type(value).__qualname__
