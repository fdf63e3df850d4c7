"""Takes secrets out of what is about to be written to a log or an error. These are tokens of ours, bearer and basic
credentials, passwords in URLs, and the values of keys that are named like a secret, however deep. It is the last line
of defence; nobody passes a secret to a logger on purpose. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["HIDDEN", "plain", "setting", "text"]

HIDDEN = "[hidden]"
MASK = "***"
_SECRET_KEY = re.compile(r"authorization|passw(or)?d|secret|token|api_?key|credential|cookie", re.IGNORECASE)
_PATTERNS = (
    (re.compile(r"\b(tyr?[a-z]?)\.[A-Za-z0-9_\-.=%]{8,}"), rf"\1.{HIDDEN}"),
    (re.compile(r"(?i)\b(bearer|basic)(\s+)[A-Za-z0-9_\-.~+/=]{4,}"), rf"\1\2{HIDDEN}"),
    (re.compile(r"(?i)(authorization[\"']?\s*[:=,]\s*(?:b?[\"'])?)(?!bearer\b|basic\b)[^\r\n\"'}]+"), rf"\1{HIDDEN}"),
    (re.compile(r"(://[^\s:/@\"']*:)[^\s/@\"']+@"), rf"\1{HIDDEN}@"),
)
_HINTS = ("ty", "earer", "asic", "EARER", "ASIC", "uthoriz", "UTHORIZ", "://")
_DEEPEST = 6
_SECRET_SETTING = re.compile(
    r"authori[sz]ation|\bauth\b|passw(or)?d|passphrase|secret|token|(?<!val)key|credential|cookie", re.I
)
_SECRET_QUERY = re.compile(rf"([?&][^=&\s]*(?:{_SECRET_SETTING.pattern})[^=&\s]*=)[^&\s]*", re.IGNORECASE)


def text(said: str) -> str:
    """The text without its secrets."""
    if not any(hint in said for hint in _HINTS):
        return said
    for pattern, instead in _PATTERNS:
        said = pattern.sub(instead, said)
    return said


def plain(value: object, key: str = "", depth: int = 0) -> object:
    """The value, as plain data and without its secrets. What is under a key that names a secret is hidden unless it is
    a number, a truth or empty."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if key and value and _SECRET_KEY.search(key):
        return HIDDEN
    if isinstance(value, str):
        return text(value)
    if depth >= _DEEPEST:
        return "..."
    if isinstance(value, Mapping):
        return {str(name): plain(each, str(name), depth + 1) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each, "", depth + 1) for each in value]
    return text(value.decode("utf-8", "replace") if isinstance(value, bytes) else repr(value))


def setting(value: object, name: str) -> object:
    """A setting as it may be shown: masked is, at every depth, whatever is under a name that may name a secret or of a
    type for secrets (Pydantic's `SecretStr`), and of an address its user and password and what its query names like a
    secret."""
    if _SECRET_SETTING.search(name.replace("_", " ")) or hasattr(value, "get_secret_value"):
        return MASK
    if isinstance(value, Mapping):
        return {str(key): setting(each, str(key)) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [setting(each, name) for each in value]
    if isinstance(value, str):
        return text(_SECRET_QUERY.sub(rf"\g<1>{MASK}", re.sub(r"://\S*@", f"://{MASK}@", value)))
    return value
