"""Templates: `{{ expression }}` in text, evaluated by an allow-list.

Jinja is used to parse and never to run. Every node of the parsed tree must be in the tables of this package, so that an
expression can read the values it is given and combine them, and nothing else: no calls, no attributes of Python
objects, no statements. Work is bounded: an expression has no loop, its depth is limited, and a `Budget` counts the text
that a whole compilation makes. What a template yields is data and is never rendered again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import jinja2
from jinja2 import nodes

from trainyard.compile.evaluate import EVALUATED, Budget, TemplateError, as_text, evaluate
from trainyard.compile.filters import FILTERS, TESTS
from trainyard.spec.error import suggest

__all__ = ["Budget", "Template", "TemplateError", "parse", "render"]

MAX_TREE_DEPTH = 60
_CACHED_LENGTH = 4096
_COMMENT = re.compile(r"(?<!\$)\{#")
_ALLOWED: tuple[type[nodes.Node], ...] = (*EVALUATED, nodes.Output, nodes.TemplateData, nodes.Operand)

_JINJA = jinja2.Environment(  # noqa: S701 - parses only: nothing is rendered, so there is nothing to escape
    comment_start_string="\0#",  # `${#array}` of a shell is text, not a comment
    comment_end_string="#\0",
    keep_trailing_newline=True,
)


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template: text and expressions in turn, and the names that its expressions read."""

    parts: tuple[str | nodes.Expr, ...]
    names: frozenset[str]

    @property
    def single(self) -> nodes.Expr | None:
        """The expression, when the template is that expression and nothing else."""
        only = self.parts[0] if len(self.parts) == 1 else None
        return only if isinstance(only, nodes.Expr) else None


def render(source: str, context: Mapping[str, object], budget: Budget) -> object:
    """The value of a template: of a lone `{{ x }}` the value of x with its type, else text. Raises TemplateError."""
    template = parse(source)
    check_names(template, context)
    single = template.single
    if single is not None:
        return evaluate(single, context, budget)
    return "".join(_texts(template, context, budget))


def check_names(template: Template, context: Mapping[str, object]) -> None:
    """Raises TemplateError for the first name, in order, that the context has not."""
    for name in sorted(template.names - context.keys()):
        raise TemplateError(f"there is no `{name}` here", suggest(name, context), near=name)


def parse(source: str) -> Template:
    """Parse and check against the allow-list. Raises TemplateError."""
    return _parse_cached(source) if len(source) <= _CACHED_LENGTH else _parse(source)


def _texts(template: Template, context: Mapping[str, object], budget: Budget) -> Iterator[str]:
    for part in template.parts:
        text = part if isinstance(part, str) else as_text(evaluate(part, context, budget), part)
        budget.spend(len(text))
        yield text


def _parse(source: str) -> Template:
    if "\0" in source:
        raise TemplateError("the text holds a NUL character", "remove it")
    if _COMMENT.search(source):
        raise TemplateError(
            "comments `{# #}` are not part of templates", "remove it, or write `{{ '{#' }}` for the text"
        )
    body = _jinja_tree(source).body
    names = _checked(body)
    parts = [_part(node) for output in body for node in _output(output).nodes]
    return Template(tuple(parts), names)


def _jinja_tree(source: str) -> nodes.Template:
    try:
        return _JINJA.parse(source)
    except jinja2.TemplateSyntaxError as error:
        raise TemplateError(
            f"not a template: {error.message}", "write `{{ name }}`, or `{{ '{{' }}` for the text"
        ) from None
    except RecursionError:
        raise TemplateError("the expression is nested too deep", "compute it in the program") from None
    except (ValueError, OverflowError):
        raise TemplateError("a number in the template is too large", "compute it in the program") from None


def _checked(body: list[nodes.Node]) -> frozenset[str]:
    """The names that are read, once every node is found to be allowed. Iterative: the tree may be deep."""
    names: set[str] = set()
    waiting = [(node, 0) for node in body]
    while waiting:
        node, depth = waiting.pop()
        _check_node(node)
        if depth > MAX_TREE_DEPTH:
            raise TemplateError("the expression is nested too deep", "compute it in the program")
        if isinstance(node, nodes.Name):
            names.add(node.name)
        waiting.extend((child, depth + 1) for child in node.iter_child_nodes())
    return frozenset(names)


def _check_node(node: nodes.Node) -> None:
    if not isinstance(node, _ALLOWED):
        raise TemplateError(*_refusal(node))
    if isinstance(node, nodes.Filter | nodes.Test):
        _check_table(node)


def _refusal(node: nodes.Node) -> tuple[str, str]:
    if isinstance(node, nodes.Stmt):
        return "statements `{% %}` are not part of templates", "use an expression such as `{{ a if b else c }}`"
    what = {nodes.Call: "calls", nodes.Slice: "slices", nodes.Keyword: "named arguments"}.get(type(node))
    return f"{what or 'expressions of this kind'} are not evaluated in templates", "compute it in the program"


def _check_table(node: nodes.Filter | nodes.Test) -> None:
    table: Mapping[str, object] = FILTERS if isinstance(node, nodes.Filter) else TESTS
    what = "filter" if isinstance(node, nodes.Filter) else "test"
    if node.name not in table:
        raise TemplateError(f"there is no {what} `{node.name}`", suggest(node.name, table), near=node.name)
    if node.kwargs or node.dyn_args is not None or node.dyn_kwargs is not None:
        raise TemplateError(
            f"the {what} `{node.name}` takes no named arguments", "give them by position", near=node.name
        )


def _output(node: nodes.Node) -> nodes.Output:
    assert isinstance(node, nodes.Output)
    return node


def _part(node: nodes.Expr) -> str | nodes.Expr:
    return node.data if isinstance(node, nodes.TemplateData) else node


_parse_cached = lru_cache(maxsize=2048)(_parse)
