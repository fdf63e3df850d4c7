"""Patching: one layer of an operation over another, by one of four strategies.

Fields are merged one by one, through the levels that have a model. Under `post_merge` the patch wins: mappings are
merged deeply, a list is the old items and then the new ones that are not there yet, an explicit null unsets a field.
`pre_merge` is the reverse: the patch lies under what is there. `replace` puts each field of the patch in place of the
old one, `isnull` fills only fields that have no value. A field without a value takes the patch's under all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from trainyard.compile.fragment import Fragment, annotation_of, model_of, plain
from trainyard.spec.model import Model
from trainyard.spec.operation import Strategy

__all__ = ["patched"]

_SAME_KIND = frozenset({"schedule", "matrix", "mount"})
"""Fields that are merged only with one of the same kind."""

_WHOLE = frozenset({"params"})
"""Mappings whose entries are not merged in themselves: a param of the patch takes the place of the other."""


def patched(old: Fragment, new: Fragment, strategy: Strategy, model: type[Model]) -> Fragment:
    """The mapping `old` with the fields of `new` patched onto it; `model` describes both."""
    entries = dict(old.table())
    for key, value in new.table().items():
        current = entries.get(key)
        if current is None or current.value is None:
            entries[key] = value
        else:
            entries[key] = _field(key, current, value, strategy, model)
    return old.holding(entries)


def _field(key: str, current: Fragment, value: Fragment, strategy: Strategy, model: type[Model]) -> Fragment:
    inner = model_of(annotation_of(model, key))
    alike = key not in _SAME_KIND or _same_kind(current, value)
    if inner is not None and alike and isinstance(current.value, dict) and isinstance(value.value, dict):
        return patched(current, value, strategy, inner.described_by(plain(value)))
    return _STRATEGIES[strategy](key, current, value)


def _post(key: str, current: Fragment, value: Fragment) -> Fragment:
    if value.value is None or (key in _SAME_KIND and not _same_kind(current, value)):
        return value
    return _over(key, current, value)


def _pre(key: str, current: Fragment, value: Fragment) -> Fragment:
    if value.value is None or (key in _SAME_KIND and not _same_kind(current, value)):
        return current
    return _over(key, value, current)


_STRATEGIES: Mapping[Strategy, Callable[[str, Fragment, Fragment], Fragment]] = {
    "post_merge": _post,
    "pre_merge": _pre,
    "replace": lambda key, current, value: value,
    "isnull": lambda key, current, value: current,
}


def _over(key: str, lower: Fragment, upper: Fragment) -> Fragment:
    """Plain data merged, `upper` wins."""
    lower, upper = _alike(lower, upper)
    if isinstance(lower.value, dict) and isinstance(upper.value, dict):
        return upper.holding(_deep(lower.value, upper.value, whole=key in _WHOLE))
    if isinstance(lower.value, list) and isinstance(upper.value, list):
        known = [plain(item) for item in lower.value]
        more = [item for item in upper.value if plain(item) not in known]
        return Fragment([*lower.value, *more], upper.document, upper.path)
    return upper


def _deep(lower: Mapping[str, Fragment], upper: Mapping[str, Fragment], *, whole: bool) -> dict[str, Fragment]:
    merged = dict(lower)
    for key, value in upper.items():
        current = merged.get(key)
        if not whole and current is not None and isinstance(current.value, dict) and isinstance(value.value, dict):
            merged[key] = value.holding(_deep(current.value, value.value, whole=False))
        else:
            merged[key] = value
    return merged


def _alike(lower: Fragment, upper: Fragment) -> tuple[Fragment, Fragment]:
    """One text where a list may stand is a list of that text, when the other is a list."""
    if isinstance(lower.value, list) and isinstance(upper.value, str):
        return lower, Fragment([upper], upper.document, upper.path)
    if isinstance(lower.value, str) and isinstance(upper.value, list):
        return Fragment([lower], lower.document, lower.path), upper
    return lower, upper


def _same_kind(one: Fragment, other: Fragment) -> bool:
    kinds = [piece.table()["kind"].value if "kind" in piece.table() else type(piece.value) for piece in (one, other)]
    return kinds[0] == kinds[1]
