"""The grammar of queries and sorts, and what a place in a text that does not fit it means in words. It knows shapes
only; what a word means is `value`'s."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trainyard.query.error import QueryError

if TYPE_CHECKING:
    from lark import Lark, Token, Transformer
    from lark.exceptions import UnexpectedInput

__all__ = ["GRAMMAR", "parser", "unexpected"]

GRAMMAR = r"""
query: [either]
sort: [key ("," key)*]

either: all (_OR all)*
all: one (("," | _AND) one)*
?one: ("~" | _NOT) one -> negate
    | "(" either ")"
    | FIELD ":" test -> condition
    | FIELD ":" "~" test -> denied

?test: SIDE literal -> compare
    | literal ".." literal -> between
    | literal ("|" literal)* -> among
literal: WORD | QUOTED
key: [MINUS] FIELD

_OR.3: /\s+\|\s+|or(?=[\s(~])/i
_AND.3: /and(?=[\s(~])/i
_NOT.3: /not(?=[\s(~])/i
FIELD: /[a-z_]\w*(?:\.(?:"(?:[^"\\]|\\.)*"|[^\s:,()|"'~<>]+)*)*/i
SIDE: />=|<=|>|</
MINUS: "-"
WORD: /(?!\.\.)[^\s,()|"'~<>=](?:(?!\.\.)[^\s,()|"])*/
QUOTED: /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/s
%ignore /\s+/
"""


def parser(transformer: Transformer[Token, Any]) -> Lark:
    """The parser, which gives what the transformer makes. It may be used by several threads."""
    from lark import Lark

    return Lark(GRAMMAR, parser="lalr", start=["query", "sort"], transformer=transformer)


def unexpected(error: UnexpectedInput, text: str) -> QueryError:
    """What is wrong at the place where the text stops to fit the grammar."""
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken

    expected: set[str] = set()
    at = len(text)
    if isinstance(error, UnexpectedToken):
        expected = set(error.accepts or error.expected)
        at = at if error.token.type == "$END" else error.token.start_pos or 0
    elif isinstance(error, UnexpectedCharacters):
        expected, at = set(error.allowed or ()), error.pos_in_stream or 0
    message, suggestion = _said(expected, text, at)
    return QueryError(message, column=at + 1, text=text, suggestion=suggestion)


def _said(expected: set[str], text: str, at: int) -> tuple[str, str]:
    found = f"`{text[at : at + 20]}`" if at < len(text) else "the end"
    if text[at : at + 1] in ('"', "'"):
        return "a quote is not closed, or stands where none may", "put quotes around a whole value"
    if "COLON" in expected:
        return f"a colon is missing before {found}", "write `field:value`"
    if "WORD" in expected:
        return f"a value is missing before {found}", "put a value that has signs or spaces in quotes"
    if "FIELD" in expected:
        return f"a field is missing before {found}", "write `field:value`; a set of values is `a|b`, without spaces"
    return (
        f"{found} does not belong here",
        "join with `,`, AND or OR, close parentheses, and put a value with spaces or signs in quotes",
    )
