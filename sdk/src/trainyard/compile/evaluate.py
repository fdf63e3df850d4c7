"""Evaluation of a checked expression: one small function for each kind of node.

The tables below are the allow-list: a node that is in none of them is refused by `template.py` before anything is
evaluated. Values are plain data (text, numbers, true, false, null, lists, mappings); a name or a field is looked up in
mappings only, so no attribute of a Python object can be reached.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from jinja2 import nodes

from trainyard.compile.filters import FILTERS, TESTS
from trainyard.compile.value import TemplateError, bounded, number, real, text_of
from trainyard.spec.error import suggest

__all__ = ["EVALUATED", "Budget", "TemplateError", "as_text", "evaluate"]

MAX_ITEMS = 10_000


@dataclass(slots=True)
class Budget:
    """What one compilation may still make: characters of text, and steps of evaluation."""

    text: int = 4 * 1024 * 1024
    steps: int = 20_000

    @property
    def exhausted(self) -> bool:
        """Whether a limit has been hit, after which no more is evaluated."""
        return self.text < 0 or self.steps < 0

    def spend(self, text: int) -> None:
        """Raises TemplateError when a value or the whole has become too large."""
        bounded(text)
        self.text -= text
        if self.text < 0:
            raise TemplateError("the templates of this document make too much text", "pass large data as a file")

    def step(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise TemplateError("the templates of this document take too many steps", "compute it in the program")


@dataclass(frozen=True, slots=True)
class _Scope:
    context: Mapping[str, object]
    budget: Budget

    def of(self, node: nodes.Node) -> object:
        self.budget.step()
        value = _EVALUATE[type(node)](self, node)
        if isinstance(value, str):
            self.budget.spend(len(value))
        return value


def evaluate(node: nodes.Expr, context: Mapping[str, object], budget: Budget) -> object:
    """The value of a checked expression. Raises TemplateError."""
    return _Scope(context, budget).of(node)


def as_text(value: object, node: nodes.Node) -> str:
    """The value within a longer text. Raises TemplateError, pointing at the name, when there is no value."""
    try:
        return text_of(value)
    except TemplateError as error:
        near = node.name if isinstance(node, nodes.Name) else None
        raise TemplateError(error.message, error.fix, near=near) from None


def _name(scope: _Scope, node: nodes.Name) -> object:
    return scope.context[node.name]


def _const(scope: _Scope, node: nodes.Const) -> object:
    value = node.value
    return number(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _getattr(scope: _Scope, node: nodes.Getattr) -> object:
    return _field(scope.of(node.node), node.attr)


def _getitem(scope: _Scope, node: nodes.Getitem) -> object:
    target, key = scope.of(node.node), scope.of(node.arg)
    if isinstance(target, list):
        return _item(target, key)
    if not isinstance(key, str):
        raise TemplateError("a key of a mapping is text", "put it in quotes")
    return _field(target, key)


def _field(target: object, name: str) -> object:
    if not isinstance(target, Mapping):
        raise TemplateError(f"this value has no field `{name}`", "only mappings have fields", near=name)
    if name not in target:
        raise TemplateError(f"there is no field `{name}`", suggest(name, target), near=name)
    return target[name]


def _item(target: list[object], key: object) -> object:
    if isinstance(key, bool) or not isinstance(key, int):
        raise TemplateError("a position in a list is a whole number", None)
    if not -len(target) <= key < len(target):
        raise TemplateError(f"the list has no item {key}", f"it has {len(target)} items, counted from 0")
    return target[key]


def _binary(combine: Callable[[int | float, int | float], object]) -> Callable[[_Scope, nodes.BinExpr], object]:
    def apply(scope: _Scope, node: nodes.BinExpr) -> object:
        return _arithmetic(combine, scope.of(node.left), scope.of(node.right))

    return apply


def _arithmetic(combine: Callable[[int | float, int | float], object], left: object, right: object) -> object:
    try:
        return number(combine(real(left), real(right)))
    except ZeroDivisionError:
        raise TemplateError("this divides by 0", None) from None
    except OverflowError:
        raise TemplateError("the result is not a number of 64 bits", None) from None


def _add(scope: _Scope, node: nodes.Add) -> object:
    left, right = scope.of(node.left), scope.of(node.right)
    if isinstance(left, str) and isinstance(right, str):
        bounded(len(left) + len(right))
        return left + right
    if isinstance(left, list) and isinstance(right, list):
        if len(left) + len(right) > MAX_ITEMS:
            raise TemplateError(f"the list would have more than {MAX_ITEMS} items", None)
        return left + right
    return _arithmetic(operator.add, left, right)


def _power(base: int | float, exponent: int | float) -> object:
    whole = isinstance(base, int) and isinstance(exponent, int)
    if whole and exponent > 64 and abs(base) > 1:
        raise OverflowError
    return base**exponent


def _concat(scope: _Scope, node: nodes.Concat) -> str:
    texts = [text_of(scope.of(part)) for part in node.nodes]
    bounded(sum(map(len, texts)))
    return "".join(texts)


def _and(scope: _Scope, node: nodes.And) -> object:
    left = scope.of(node.left)
    return scope.of(node.right) if left else left


def _or(scope: _Scope, node: nodes.Or) -> object:
    left = scope.of(node.left)
    return left if left else scope.of(node.right)


def _conditional(scope: _Scope, node: nodes.CondExpr) -> object:
    if node.expr2 is None:
        raise TemplateError("an `if` needs an `else`", "write `{{ a if b else c }}`")
    return scope.of(node.expr1) if scope.of(node.test) else scope.of(node.expr2)


def _compare(scope: _Scope, node: nodes.Compare) -> bool:
    left = scope.of(node.expr)
    for operand in node.ops:
        right = scope.of(operand.expr)
        if not _compared(operand.op, left, right):
            return False
        left = right
    return True


def _compared(name: str, left: object, right: object) -> bool:
    if name in ("in", "notin"):
        return _contains(right, left) is (name == "in")
    if name in ("eq", "ne"):
        return (left == right) is (name == "eq")
    if not (isinstance(left, str) and isinstance(right, str)):
        left, right = real(left), real(right)
    return bool(_ORDER[name](left, right))


def _contains(container: object, part: object) -> bool:
    if isinstance(container, str):
        return isinstance(part, str) and part in container
    if isinstance(container, list | Mapping):
        return part in container if isinstance(container, list) or isinstance(part, str) else False
    raise TemplateError("`in` looks into text, a list or a mapping", None)


def _filter(scope: _Scope, node: nodes.Filter) -> object:
    used = FILTERS[node.name]
    if node.node is None or not used.least <= len(node.args) <= used.most:
        raise TemplateError(f"the filter `{node.name}` takes {_count(used.least, used.most)}", None, near=node.name)
    return used.apply(scope.of(node.node), *map(scope.of, node.args))


def _count(least: int, most: int) -> str:
    return f"{least} to {most} values" if least != most else f"{least} values" if least else "no values"


def _test(scope: _Scope, node: nodes.Test) -> bool:
    return TESTS[node.name](scope.of(node.node))


def _list(scope: _Scope, node: nodes.List | nodes.Tuple) -> list[object]:
    return [scope.of(item) for item in node.items]


def _dict(scope: _Scope, node: nodes.Dict) -> dict[str, object]:
    return {text_of(scope.of(pair.key)): scope.of(pair.value) for pair in node.items}


_ORDER: dict[str, Callable[..., object]] = {
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
}

_EVALUATE: dict[type[nodes.Node], Callable[..., object]] = {
    nodes.Add: _add,
    nodes.And: _and,
    nodes.Compare: _compare,
    nodes.Concat: _concat,
    nodes.CondExpr: _conditional,
    nodes.Const: _const,
    nodes.Dict: _dict,
    nodes.Div: _binary(operator.truediv),
    nodes.Filter: _filter,
    nodes.FloorDiv: _binary(operator.floordiv),
    nodes.Getattr: _getattr,
    nodes.Getitem: _getitem,
    nodes.List: _list,
    nodes.Mod: _binary(operator.mod),
    nodes.Mul: _binary(operator.mul),
    nodes.Name: _name,
    nodes.Neg: lambda scope, node: number(-real(scope.of(node.node))),
    nodes.Not: lambda scope, node: not scope.of(node.node),
    nodes.Or: _or,
    nodes.Pos: lambda scope, node: real(scope.of(node.node)),
    nodes.Pow: _binary(_power),
    nodes.Sub: _binary(operator.sub),
    nodes.Test: _test,
    nodes.Tuple: _list,
}
EVALUATED: tuple[type[nodes.Node], ...] = (*_EVALUATE, nodes.Pair)
"""The kinds of nodes that an expression may have."""
